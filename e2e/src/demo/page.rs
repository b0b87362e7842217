//! What the demonstration writes: plain lines, one after the other, with a little weight where a terminal shows them.

use std::io::IsTerminal;
use std::sync::OnceLock;

const BOLD: &str = "1";
const DIM: &str = "2";
const CYAN: &str = "36";

/// The start of a part, in one line.
pub fn heading(text: &str) {
    println!("\n{}", styled(BOLD, &format!("== {text}")));
}

/// A sentence for the person who watches.
pub fn say(text: &str) {
    println!("   {text}");
}

/// A space between two parts.
pub fn gap() {
    println!();
}

/// A command that is about to be run, as it can be typed.
pub fn command(text: &str) {
    println!("   {}", styled(CYAN, &format!("$ {text}")));
}

/// A command to try later, and what it is for.
pub fn suggestion(text: &str, purpose: &str) {
    println!("   {}", styled(DIM, &format!("# {purpose}")));
    println!("   {}", styled(CYAN, text));
}

/// What a command has answered.
pub fn answer(text: &str) {
    for line in text.trim_end().lines() {
        println!("     {}", styled(DIM, line));
    }
}

/// A line of what is going on, as it happens.
pub fn happening(text: &str) {
    println!("     {}", text.trim_end());
}

/// A table, with the names of its columns in the first row.
pub fn show_table(rows: &[Vec<String>]) {
    for line in table(rows) {
        println!("     {line}");
    }
}

/// The lines of a table: columns as wide as their widest cell, two blanks between them, none at the end.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(column) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A row of a table.
pub fn row<const COLUMNS: usize>(cells: [&str; COLUMNS]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// A command line as a shell takes it: words that a shell would change are quoted.
pub fn shell_line(words: &[&str]) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:,@%+".contains(letter);
    let quoted = words.iter().map(|word| match word.chars().all(plain) && !word.is_empty() {
        true => (*word).to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn styled(style: &str, text: &str) -> String {
    static TERMINAL: OnceLock<bool> = OnceLock::new();
    let terminal = *TERMINAL.get_or_init(|| {
        std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    });
    if terminal { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            [row(["POD", "STATUS", "NODE"]), row(["sample-abcde", "Running", ""]), row(["x", "", "node-1"])];
        assert_eq!(
            table(&rows),
            ["POD           STATUS   NODE", "sample-abcde  Running", "x                      node-1"]
        );
    }

    #[test]
    fn a_table_may_be_empty_or_ragged() {
        assert!(table(&[]).is_empty());
        assert_eq!(table(&[row(["a"]).clone(), row(["b", "c"])]), ["a", "b  c"]);
    }

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(shell_line(&["kubectl", "get", "rc", "--replicas=3"]), "kubectl get rc --replicas=3");
        assert_eq!(shell_line(&["echo", "a b", "", "it's", "*"]), r"echo 'a b' '' 'it'\''s' '*'");
    }
}

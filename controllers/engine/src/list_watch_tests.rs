use super::*;

const LONG: Duration = Duration::from_secs(400);
const SHORT: Duration = Duration::from_millis(20);

/// Something that happens to a source.
enum Do {
    /// A complete list at that version.
    Listed(u64),
    /// Progress in a watch.
    Progress(u64),
    /// The request ends.
    End(End, Duration),
    /// A relist is requested.
    Relist,
}
use Do::{Listed, Progress, Relist};

fn refused(code: u16, reason: &str) -> Do {
    Do::End(
        End::Refused(ServerRefusal { code, reason: reason.to_owned(), ..ServerRefusal::default() }),
        SHORT,
    )
}

fn ended(end: End, lasted: Duration) -> Do {
    Do::End(end, lasted)
}

/// Runs a history and tells it as words: steps as `watch-list`, `list`, `watch@version`, waits by their upper bound, and
/// `interrupted` where the owner is told so. The next step is asked for after each end, paged list and relist.
fn story(history: impl IntoIterator<Item = Do>) -> String {
    let mut machine = ListWatch::new(ListWatchSettings::default(), 1);
    let mut words = Vec::new();
    ask(&mut machine, &mut words);
    for event in history {
        match event {
            Listed(version) => {
                let paged = machine.running == Running::PagedList;
                machine.listed(ResourceVersion(version));
                if paged {
                    ask(&mut machine, &mut words);
                }
            }
            Progress(version) => machine.progressed(ResourceVersion(version)),
            Do::End(end, lasted) => {
                if machine.ended(&end, lasted) {
                    words.push("interrupted".to_owned());
                }
                ask(&mut machine, &mut words);
            }
            Relist => {
                machine.relist();
                ask(&mut machine, &mut words);
            }
        }
    }
    words.join(" ")
}

fn ask(machine: &mut ListWatch, words: &mut Vec<String>) {
    loop {
        let settings = machine.settings;
        let step = machine.next_step();
        words.push(match step {
            Step::Wait(delay) => {
                let bound = settings.back_off.delay(machine.failures);
                if delay > bound {
                    format!("wait-asked-{}ms", delay.as_millis())
                } else {
                    assert!(delay >= bound / 2, "{delay:?} is less than half of {bound:?}");
                    format!("wait-{}ms", bound.as_millis())
                }
            }
            Step::WatchList { timeout, silence, .. } => {
                assert!(timeout >= settings.watch_timeout && timeout < settings.watch_timeout * 2);
                assert_eq!(silence, settings.silence);
                "watch-list".to_owned()
            }
            Step::List { page: Some(_), .. } => "list".to_owned(),
            Step::List { page: None, .. } => "list-unpaged".to_owned(),
            Step::Watch { from, timeout, silence } => {
                assert!(timeout >= settings.watch_timeout && timeout < settings.watch_timeout * 2);
                assert_eq!(silence, settings.silence);
                format!("watch@{from}")
            }
        });
        if !matches!(step, Step::Wait(_)) {
            return;
        }
    }
}

#[track_caller]
fn check(history: impl IntoIterator<Item = Do>, expected: &str) {
    assert_eq!(story(history), expected);
}

#[test]
fn a_watch_that_ends_in_order_is_followed_by_the_next() {
    check(
        [Listed(5), Progress(7), ended(End::Closed, LONG), Progress(9), ended(End::Closed, LONG)],
        "watch-list watch@7 watch@9",
    );
}

#[test]
fn a_lost_watch_goes_on_from_where_it_was() {
    check(
        [Listed(5), Progress(7), ended(End::Lost, LONG), ended(End::Lost, SHORT), Progress(8)],
        "watch-list interrupted wait-100ms watch@7 wait-200ms watch@7",
    );
    check([Listed(5), ended(End::Silent, LONG)], "watch-list interrupted wait-100ms watch@5");
    check([Listed(5), ended(End::Garbled, LONG)], "watch-list interrupted wait-100ms watch@5");
}

#[test]
fn an_interruption_is_told_once_until_it_is_over() {
    check(
        [Listed(5), ended(End::Lost, LONG), ended(End::Lost, SHORT), Progress(6), ended(End::Lost, LONG)],
        "watch-list interrupted wait-100ms watch@5 wait-200ms watch@5 interrupted wait-100ms watch@6",
    );
}

#[test]
fn a_forgotten_version_is_listed_again() {
    let after = "watch-list interrupted watch-list";
    check(
        [Listed(5), Progress(6), ended(End::Closed, LONG), refused(410, "Expired")],
        "watch-list watch@6 interrupted watch-list",
    );
    check(
        [
            Listed(5),
            Do::End(
                End::Refused(ServerRefusal {
                    code: 410,
                    reason: "Gone".to_owned(),
                    ..ServerRefusal::default()
                }),
                LONG,
            ),
        ],
        after,
    );
    check([Listed(5), refused(200, "Expired")], after);
    check([Listed(5), refused(200, "Gone")], after);
}

#[test]
fn a_version_from_the_future_is_listed_again() {
    let refusal = ServerRefusal {
        code: 504,
        reason: "Timeout".to_owned(),
        cause_reasons: vec!["ResourceVersionTooLarge".to_owned()],
        retry_after: None,
    };
    check(
        [Listed(50), ended(End::Refused(refusal), SHORT), Listed(3), ended(End::Closed, LONG)],
        "watch-list interrupted watch-list watch@3",
    );
}

#[test]
fn forgetting_again_and_again_is_no_hot_loop() {
    check(
        [
            Listed(5),
            refused(410, "Expired"),
            Listed(6),
            refused(410, "Expired"),
            Listed(7),
            refused(410, "Expired"),
        ],
        "watch-list interrupted watch-list interrupted wait-200ms watch-list interrupted wait-400ms watch-list",
    );
}

#[test]
fn closing_at_once_again_and_again_is_no_hot_loop() {
    check(
        [
            Listed(5),
            ended(End::Closed, SHORT),
            ended(End::Closed, SHORT),
            Progress(6),
            ended(End::Closed, SHORT),
        ],
        "watch-list wait-100ms watch@5 wait-200ms watch@5 wait-400ms watch@6",
    );
}

#[test]
fn a_server_without_streamed_lists_is_remembered() {
    for code in [400, 404, 405, 406, 422] {
        check(
            [
                refused(code, "Invalid"),
                Listed(5),
                ended(End::Closed, LONG),
                refused(410, "Expired"),
                Listed(9),
            ],
            "watch-list interrupted list watch@5 watch@5 interrupted list watch@9",
        );
    }
}

#[test]
fn a_streamed_list_without_end_falls_back_to_pages_for_once() {
    check(
        [
            ended(End::Silent, LONG),
            ended(End::Closed, LONG),
            Listed(5),
            ended(End::Closed, LONG),
            refused(410, "Expired"),
        ],
        "watch-list interrupted wait-100ms watch-list wait-200ms list watch@5 watch@5 interrupted watch-list",
    );
}

#[test]
fn pages_that_expire_become_one_page() {
    check(
        [
            refused(422, "Invalid"),
            refused(410, "Expired"),
            refused(410, "Expired"),
            Listed(4),
            ended(End::Closed, LONG),
        ],
        "watch-list interrupted list wait-200ms list wait-400ms list-unpaged watch@4 watch@4",
    );
}

#[test]
fn without_rights_it_waits_and_recovers() {
    check(
        [
            Listed(5),
            refused(403, "Forbidden"),
            refused(401, "Unauthorized"),
            Progress(6),
            ended(End::Closed, LONG),
        ],
        "watch-list interrupted wait-100ms watch@5 wait-200ms watch@5 watch@6",
    );
    check([refused(403, "Forbidden"), Listed(5)], "watch-list interrupted wait-100ms watch-list");
}

#[test]
fn the_server_may_ask_for_more_patience() {
    let refusal =
        ServerRefusal { code: 429, retry_after: Some(Duration::from_secs(3)), ..ServerRefusal::default() };
    check(
        [Listed(5), ended(End::Refused(refusal), SHORT)],
        "watch-list interrupted wait-asked-3000ms watch@5",
    );
}

#[test]
fn waits_are_bounded_and_a_good_watch_ends_them() {
    let outage = (0..40).map(|_| ended(End::Lost, SHORT));
    let told = story(std::iter::once(Listed(5)).chain(outage).chain([ended(End::Lost, LONG)]));
    assert!(told.ends_with("wait-30000ms watch@5 wait-30000ms watch@5 wait-100ms watch@5"), "{told}");
}

#[test]
fn a_requested_relist_comes_at_once() {
    check([Listed(5), Relist, Listed(8), ended(End::Closed, LONG)], "watch-list watch-list watch@8");
    let mut machine = ListWatch::new(ListWatchSettings::default(), 1);
    machine.next_step();
    machine.ended(&End::Lost, SHORT);
    machine.relist();
    assert!(matches!(machine.next_step(), Step::WatchList { .. }));
}

#[test]
fn equal_seeds_give_equal_steps() {
    let run = |seed| {
        let mut machine = ListWatch::new(ListWatchSettings::default(), seed);
        (0..20)
            .map(|_| {
                let step = machine.next_step();
                machine.ended(&End::Lost, SHORT);
                step
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

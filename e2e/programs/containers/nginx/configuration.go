package main

import (
	"fmt"
	"strings"
)

// directive is `name argument argument;` or `name argument { directives }`.
type directive struct {
	name      string
	arguments []string
	block     []directive
}

// one gives the only argument.
func (directive directive) one() (string, error) {
	if len(directive.arguments) != 1 {
		return "", fmt.Errorf("invalid number of arguments in %q directive", directive.name)
	}
	return directive.arguments[0], nil
}

// token is a word, or one of `;`, `{` and `}`.
type token struct {
	text   string
	isWord bool
}

// parse reads a configuration.
func parse(text string) ([]directive, error) {
	tokens, err := split(text)
	if err != nil {
		return nil, err
	}
	directives, rest, err := parseBlock(tokens)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf(`unexpected "}"`)
	}
	return directives, err
}

// parseBlock reads directives up to the brace that ends their block, or up to the end.
func parseBlock(tokens []token) ([]directive, []token, error) {
	var directives []directive
	var words []string
	for len(tokens) > 0 {
		token := tokens[0]
		switch {
		case token.isWord:
			words = append(words, token.text)
		case token.text == "}" && len(words) == 0:
			return directives, tokens, nil
		case token.text == "}" || len(words) == 0:
			return nil, nil, fmt.Errorf("unexpected %q", token.text)
		default:
			found := directive{name: words[0], arguments: words[1:]}
			words = nil
			if token.text == "{" {
				block, rest, err := parseBlock(tokens[1:])
				if err != nil {
					return nil, nil, err
				}
				if len(rest) == 0 {
					return nil, nil, fmt.Errorf(`unexpected end of file, expecting "}"`)
				}
				found.block, tokens = block, rest
			}
			directives = append(directives, found)
		}
		tokens = tokens[1:]
	}
	if len(words) > 0 {
		return nil, nil, fmt.Errorf(`unexpected end of file, expecting ";" or "}"`)
	}
	return directives, nil, nil
}

// split takes a text apart. A word may stand in quotes, and what follows a # is a comment.
func split(text string) ([]token, error) {
	var tokens []token
	for text != "" {
		switch first := text[0]; {
		case strings.ContainsRune(" \t\r\n", rune(first)):
			text = text[1:]
		case first == '#':
			_, text, _ = strings.Cut(text, "\n")
		case strings.ContainsRune(";{}", rune(first)):
			tokens = append(tokens, token{text: text[:1]})
			text = text[1:]
		case first == '"' || first == '\'':
			word, rest, isClosed := strings.Cut(text[1:], text[:1])
			if !isClosed {
				return nil, fmt.Errorf("a quote is not closed")
			}
			tokens = append(tokens, token{strings.ReplaceAll(word, `\n`, "\n"), true})
			text = rest
		default:
			end := strings.IndexAny(text, " \t\r\n;{}")
			if end < 0 {
				end = len(text)
			}
			tokens = append(tokens, token{text[:end], true})
			text = text[end:]
		}
	}
	return tokens, nil
}

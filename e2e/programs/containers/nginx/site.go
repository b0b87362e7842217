package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// site is a `server` of the configuration.
type site struct {
	listen           string
	keepaliveTime    time.Duration
	keepaliveTimeout time.Duration
	accessLog        io.Writer
	locations        []location
}

// location is what is done with the requests of a path.
type location struct {
	path    string
	isExact bool
	serve   func(http.ResponseWriter, *http.Request, *counts)
}

// newSite reads a `server`. What is not said is as in the image's own nginx.conf.
func newSite(directives []directive) (*site, error) {
	site := &site{
		listen:           ":8080",
		keepaliveTime:    time.Hour,
		keepaliveTimeout: 65 * time.Second,
		accessLog:        os.Stdout,
	}
	contentType := "application/octet-stream"
	// What is said of the server holds for its locations, also where it stands below them.
	for _, directive := range directives {
		if directive.name == "default_type" {
			contentType = strings.Join(directive.arguments, " ")
		}
	}
	for _, directive := range directives {
		if err := site.read(directive, contentType); err != nil {
			return nil, err
		}
	}
	return site, nil
}

func (site *site) read(directive directive, contentType string) error {
	if directive.name == "location" {
		location, err := newLocation(directive, contentType)
		site.locations = append(site.locations, location)
		return err
	}
	argument, err := directive.one()
	if err != nil {
		return err
	}
	switch directive.name {
	case "listen":
		site.listen = argument
		if !strings.Contains(argument, ":") {
			site.listen = ":" + argument
		}
	case "keepalive_time":
		site.keepaliveTime, err = duration(argument)
	case "keepalive_timeout":
		site.keepaliveTimeout, err = duration(argument)
	case "access_log":
		if argument == "off" {
			site.accessLog = io.Discard
		} else {
			site.accessLog, err = os.OpenFile(argument, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		}
	case "default_type":
	default:
		return fmt.Errorf("unknown directive %q", directive.name)
	}
	return err
}

func newLocation(directive directive, contentType string) (location, error) {
	var found location
	switch arguments := directive.arguments; {
	case len(arguments) == 1:
		found.path = arguments[0]
	case len(arguments) == 2 && arguments[0] == "=":
		found.path, found.isExact = arguments[1], true
	default:
		return found, fmt.Errorf("a location with %q is not known", arguments)
	}
	if len(directive.block) != 1 {
		return found, fmt.Errorf("location %s needs one directive, and has %d", found.path, len(directive.block))
	}
	var err error
	switch what := directive.block[0]; what.name {
	case "proxy_pass":
		found.serve, err = proxy(what)
	case "return":
		found.serve, err = fixed(what, contentType)
	case "root":
		found.serve, err = files(what)
	case "stub_status":
		found.serve = status
	default:
		err = fmt.Errorf("unknown directive %q", what.name)
	}
	return found, err
}

// proxy passes requests on, each by a connection of its own.
func proxy(directive directive) (func(http.ResponseWriter, *http.Request, *counts), error) {
	address, err := directive.one()
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(address)
	if err != nil || target.Scheme != "http" || target.Path != "" {
		return nil, fmt.Errorf("proxy_pass to %q is not known", address)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(request *httputil.ProxyRequest) { request.SetURL(target) },
		Transport: &http.Transport{DisableKeepAlives: true},
		ErrorHandler: func(response http.ResponseWriter, _ *http.Request, err error) {
			fmt.Fprintln(os.Stderr, "[error]", err, "while connecting to upstream")
			http.Error(response, "502 Bad Gateway", http.StatusBadGateway)
		},
	}
	return func(response http.ResponseWriter, request *http.Request, _ *counts) {
		proxy.ServeHTTP(response, request)
	}, nil
}

func fixed(directive directive, contentType string) (func(http.ResponseWriter, *http.Request, *counts), error) {
	if len(directive.arguments) != 2 {
		return nil, fmt.Errorf(`invalid number of arguments in "return" directive`)
	}
	code, err := strconv.Atoi(directive.arguments[0])
	if err != nil {
		return nil, fmt.Errorf("invalid return code %q", directive.arguments[0])
	}
	return func(response http.ResponseWriter, _ *http.Request, _ *counts) {
		response.Header().Set("Content-Type", contentType)
		response.WriteHeader(code)
		io.WriteString(response, directive.arguments[1])
	}, nil
}

func files(directive directive) (func(http.ResponseWriter, *http.Request, *counts), error) {
	folder, err := directive.one()
	if err != nil {
		return nil, err
	}
	server := http.FileServer(http.Dir(folder))
	return func(response http.ResponseWriter, request *http.Request, _ *counts) {
		server.ServeHTTP(response, request)
	}, nil
}

func status(response http.ResponseWriter, _ *http.Request, counts *counts) {
	response.Header().Set("Content-Type", "text/plain")
	io.WriteString(response, counts.page())
}

// duration reads `4s`, `500ms`, or `65`, which are seconds.
func duration(text string) (time.Duration, error) {
	if _, err := strconv.Atoi(text); err == nil {
		text += "s"
	}
	return time.ParseDuration(text)
}

// handler serves the site's locations: an exact one first, else the longest that the path begins with.
func (site *site) handler(counts *counts) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		counts.requests.Add(1)
		if isOld(request, site.keepaliveTime) {
			response.Header().Set("Connection", "close")
		}
		logged := &logged{ResponseWriter: response, code: http.StatusOK}
		if location := site.locate(request.URL.Path); location != nil {
			location.serve(logged, request, counts)
		} else {
			http.NotFound(logged, request)
		}
		fmt.Fprintln(site.accessLog, logged.line(request))
	})
}

func (site *site) locate(path string) *location {
	var best *location
	for index := range site.locations {
		location := &site.locations[index]
		if location.isExact && location.path == path {
			return location
		}
		isBetter := best == nil || len(best.path) < len(location.path)
		if !location.isExact && strings.HasPrefix(path, location.path) && isBetter {
			best = location
		}
	}
	return best
}

// start is the key of when a connection was made.
type start struct{}

func withStart(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, start{}, time.Now())
}

// isOld is whether a request's connection has been used for that long.
func isOld(request *http.Request, age time.Duration) bool {
	since, isKnown := request.Context().Value(start{}).(time.Time)
	return isKnown && time.Since(since) > age
}

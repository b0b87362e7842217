// Stands for nginx in the samples' pods: it reads the same configuration, serves by it, and stops as nginx does. What it does not
// know in a configuration it refuses, as nginx would, so that a sample which works here does not work by an oversight.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// configurationFolder is where the image's own nginx.conf looks for servers.
const configurationFolder = "/etc/nginx/conf.d"

func main() {
	global := flag.String("g", "", "directives; `daemon off;` is the only one that is taken")
	flag.Parse()
	if *global != "daemon off;" || flag.NArg() > 0 {
		fail(fmt.Errorf("only `-g 'daemon off;'` is known, not %q %q", *global, flag.Args()))
	}
	sites, err := readSites(configurationFolder)
	if err != nil {
		fail(err)
	}
	if err := serve(sites); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "nginx: [emerg]", err)
	os.Exit(1)
}

// readSites reads the servers of all files of a folder.
func readSites(folder string) ([]*site, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.conf"))
	if err != nil {
		return nil, err
	}
	var sites []*site
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		directives, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, directive := range directives {
			if directive.name != "server" {
				return nil, fmt.Errorf("%s: unknown directive %q", file, directive.name)
			}
			site, err := newSite(directive.block)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			sites = append(sites, site)
		}
	}
	if len(sites) == 0 {
		return nil, fmt.Errorf("no server in %s", folder)
	}
	return sites, nil
}

// serve returns when it was told to stop: by SIGQUIT when the requests that run are answered, by SIGTERM at once.
func serve(sites []*site) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGINT)
	ended := make(chan error, len(sites))
	counts := &counts{}
	var servers []*http.Server
	for _, site := range sites {
		server := &http.Server{
			Addr:              site.listen,
			Handler:           site.handler(counts),
			ReadHeaderTimeout: time.Minute,
			IdleTimeout:       site.keepaliveTimeout,
			ConnState:         counts.connection,
			ConnContext:       withStart,
		}
		server.SetKeepAlivesEnabled(site.keepaliveTimeout > 0)
		servers = append(servers, server)
		go func() { ended <- server.ListenAndServe() }()
	}
	select {
	case err := <-ended:
		return err
	case by := <-signals:
		for _, server := range servers {
			go func() { ended <- stop(server, by) }()
		}
	}
	// Each server ends twice: what listens, and what has been asked to stop.
	for range 2 * len(servers) {
		if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	}
	return nil
}

func stop(server *http.Server, by os.Signal) error {
	if by == syscall.SIGQUIT {
		return server.Shutdown(context.Background())
	}
	return server.Close()
}

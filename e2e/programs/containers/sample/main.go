// A small HTTP server for the pods of tests and of the demonstration, as main container and as sidecar.
//
// It answers with its hostname, so that a caller sees which pod it has reached. How it misbehaves is chosen by
// flags or, for templates that only differ in the environment, by variables of the same name.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// noExitCode stands for a server that stays.
const noExitCode = -1

func main() {
	port := flag.Int("port", integer("PORT", 8080), "port to listen on (PORT)")
	exitCode := flag.Int("exit-code", integer("EXIT_CODE", noExitCode),
		"exit at once with this code instead of serving (EXIT_CODE)")
	readyAfter := flag.Duration("ready-after", duration("READY_AFTER", 0),
		"time until /readyz says yes (READY_AFTER)")
	flag.Parse()
	if *exitCode != noExitCode {
		fmt.Printf("exiting with code %d, as told\n", *exitCode)
		os.Exit(*exitCode)
	}
	if err := serve(*port, time.Now().Add(*readyAfter)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve returns when it was told to stop and the requests that were running are answered.
func serve(port int, ready time.Time) error {
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr:              ":" + strconv.Itoa(port),
		Handler:           handler(hostname, ready),
		ReadHeaderTimeout: 10 * time.Second,
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	stopped := make(chan error, 1)
	go func() {
		<-stop.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(deadline)
	}()
	fmt.Printf("%s listens on port %d\n", hostname, port)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func handler(hostname string, ready time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(response, hostname)
	})
	mux.HandleFunc("/healthz", func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(response, "ok")
	})
	mux.HandleFunc("/readyz", func(response http.ResponseWriter, _ *http.Request) {
		if wait := time.Until(ready); wait > 0 {
			http.Error(response, fmt.Sprintf("ready in %s", wait.Round(time.Millisecond)), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(response, "ok")
	})
	return mux
}

func integer(variable string, otherwise int) int {
	value, err := strconv.Atoi(os.Getenv(variable))
	if err != nil {
		return otherwise
	}
	return value
}

func duration(variable string, otherwise time.Duration) time.Duration {
	value, err := time.ParseDuration(os.Getenv(variable))
	if err != nil {
		return otherwise
	}
	return value
}

// Stands for http-echo in the samples' pods: it answers every request with the text that it was given. As the one that it stands for, it
// ends at once when it gets SIGTERM, since it asks for no signal but SIGINT.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	listen := flag.String("listen", ":5678", "address and port to listen on")
	text := flag.String("text", os.Getenv("ECHO_TEXT"), "what to answer")
	flag.Parse()
	if *text == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "needs -text, and no other words")
		os.Exit(127)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(response, *text)
	})
	mux.HandleFunc("/health", func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(response, `{"status":"ok"}`)
	})
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: time.Minute}
	log.Printf("listening on %s", *listen)
	log.Fatal(server.ListenAndServe())
}

package main

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// counts are what the page of `stub_status` tells: all servers together.
type counts struct {
	requests atomic.Int64
	mutex    sync.Mutex
	accepted int64
	states   map[net.Conn]http.ConnState
}

// connection notes what has become of a connection.
func (counts *counts) connection(connection net.Conn, state http.ConnState) {
	counts.mutex.Lock()
	defer counts.mutex.Unlock()
	if counts.states == nil {
		counts.states = map[net.Conn]http.ConnState{}
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(counts.states, connection)
	case http.StateNew:
		counts.accepted++
		counts.states[connection] = state
	default:
		counts.states[connection] = state
	}
}

func (counts *counts) page() string {
	counts.mutex.Lock()
	defer counts.mutex.Unlock()
	in := map[http.ConnState]int{}
	for _, state := range counts.states {
		in[state]++
	}
	return fmt.Sprintf(
		"Active connections: %d \nserver accepts handled requests\n %d %d %d \nReading: %d Writing: %d Waiting: %d \n",
		len(counts.states), counts.accepted, counts.accepted, counts.requests.Load(),
		in[http.StateNew], in[http.StateActive], in[http.StateIdle])
}

// logged notes what the access log tells of an answer.
type logged struct {
	http.ResponseWriter
	code  int
	bytes int
}

func (logged *logged) WriteHeader(code int) {
	logged.code = code
	logged.ResponseWriter.WriteHeader(code)
}

func (logged *logged) Write(bytes []byte) (int, error) {
	count, err := logged.ResponseWriter.Write(bytes)
	logged.bytes += count
	return count, err
}

// line is a line of the access log in the format that is called combined.
func (logged *logged) line(request *http.Request) string {
	client, _, err := net.SplitHostPort(request.RemoteAddr)
	if err != nil {
		client = request.RemoteAddr
	}
	return fmt.Sprintf("%s - - [%s] %q %d %d %q %q",
		client, time.Now().Format("02/Jan/2006:15:04:05 -0700"),
		fmt.Sprintf("%s %s %s", request.Method, request.RequestURI, request.Proto),
		logged.code, logged.bytes, orNone(request.Referer()), orNone(request.UserAgent()))
}

func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

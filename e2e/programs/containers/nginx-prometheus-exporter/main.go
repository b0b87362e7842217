// Stands for nginx-prometheus-exporter in the samples' pods: it reads nginx's status page each time that it is asked for metrics, and
// gives what is there under the names that the exporter has for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// statusPage is what the page of `stub_status` looks like.
const statusPage = `Active connections: %d
server accepts handled requests
%d %d %d
Reading: %d Writing: %d Waiting: %d`

// numbers are the metrics in the order in which the page has them.
var numbers = []struct{ name, kind, help string }{
	{"nginx_connections_active", "gauge", "Active client connections"},
	{"nginx_connections_accepted", "counter", "Accepted client connections"},
	{"nginx_connections_handled", "counter", "Handled client connections"},
	{"nginx_http_requests_total", "counter", "Total http requests"},
	{"nginx_connections_reading", "gauge", "Connections where NGINX is reading the request header"},
	{"nginx_connections_writing", "gauge", "Connections where NGINX is writing the response back to the client"},
	{"nginx_connections_waiting", "gauge", "Idle client connections"},
}

func main() {
	listen := flag.String("web.listen-address", ":9113", "address to listen on")
	status := flag.String("nginx.scrape-uri", "http://127.0.0.1:8080/stub_status", "nginx's status page")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected %s\n", flag.Arg(0))
		os.Exit(1)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		io.WriteString(response, metrics(*status))
	})
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	stopped := make(chan error, 1)
	go func() {
		<-stop.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(deadline)
	}()
	err := server.ListenAndServe()
	if errors.Is(err, http.ErrServerClosed) {
		err = <-stopped
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// metrics are what there is to say about nginx now; where it does not answer, only that.
func metrics(status string) string {
	values, err := read(status)
	var text strings.Builder
	write := func(name, kind, help string, value int64) {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", name, help, name, kind, name, value)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "no status:", err)
		write("nginx_up", "gauge", "Status of the last metric scrape", 0)
		return text.String()
	}
	for index, number := range numbers {
		write(number.name, number.kind, number.help, values[index])
	}
	write("nginx_up", "gauge", "Status of the last metric scrape", 1)
	return text.String()
}

func read(status string) ([7]int64, error) {
	var values [7]int64
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(status)
	if err != nil {
		return values, err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		return values, err
	}
	if response.StatusCode != http.StatusOK {
		return values, fmt.Errorf("%s says %s", status, response.Status)
	}
	// Spaces stand at the ends of its lines.
	text := strings.Join(strings.Fields(string(page)), " ")
	format := strings.Join(strings.Fields(statusPage), " ")
	_, err = fmt.Sscanf(text, format, &values[0], &values[1], &values[2], &values[3], &values[4], &values[5], &values[6])
	return values, err
}

// Command faultproxy is Toxiproxy with its HTTP API on a loopback port, for sandboxes in which the way
// between two programs must be cut and mended.
//
// It starts without proxies and ends with its process: whoever started it makes them by the API.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

func main() {
	port := flag.Int("port", 0, "loopback port of the HTTP API")
	version := flag.Bool("version", false, "print Toxiproxy's version and exit")
	flag.Parse()
	if *version {
		fmt.Println("Toxiproxy", toxiproxy.Version)
		return
	}
	// Warnings and below are one line or more per connection, which a long run has many of
	logger := zerolog.New(os.Stdout).Level(zerolog.ErrorLevel).With().Timestamp().Logger()
	metrics := toxiproxy.NewMetricsContainer(prometheus.NewRegistry()) // none are collected
	toxiproxy.NewServer(metrics, logger).Listen("127.0.0.1", strconv.Itoa(*port))
}

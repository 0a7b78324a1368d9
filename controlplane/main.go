// Command controlplane is etcd, kube-apiserver and kube-controller-manager in one static executable,
// for sandboxes on machines that have none of them.
//
// It runs as the server that it is called: link or copy it to "etcd", say, or name the server as the
// first argument ("controlplane etcd --data-dir ..."). Every flag is the server's own.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

var servers = map[string]func(arguments []string) int{
	"etcd": func(arguments []string) int {
		etcdmain.Main(append([]string{"etcd"}, arguments...))
		return 0
	},
	"kube-apiserver": func(arguments []string) int {
		command := apiserver.NewAPIServerCommand()
		command.SetArgs(arguments)
		return cli.Run(command)
	},
	"kube-controller-manager": func(arguments []string) int {
		command := controllermanager.NewControllerManagerCommand()
		command.SetArgs(arguments)
		return cli.Run(command)
	},
}

func main() {
	name, arguments := filepath.Base(os.Args[0]), os.Args[1:]
	if _, known := servers[name]; !known && len(arguments) > 0 {
		name, arguments = arguments[0], arguments[1:]
	}
	serve, known := servers[name]
	if !known {
		fmt.Fprintf(os.Stderr, "controlplane: %q is no server here; call it etcd, kube-apiserver or kube-controller-manager (got %s)\n",
			name, strings.Join(os.Args, " "))
		os.Exit(2)
	}
	os.Exit(serve(arguments))
}

// grpc_go_server is grpc-go as a server of bench/echo.proto. It takes the processors it is given: the benchmark pins a
// server to one.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"

	"google.golang.org/grpc"

	"pintle.dev/bench/grpc_go/echo"
)

type service struct {
	echo.UnimplementedEchoServer
}

func (service) Unary(_ context.Context, request *echo.EchoRequest) (*echo.EchoReply, error) {
	return &echo.EchoReply{Name: request.Name, Payload: request.Payload}, nil
}

func (service) Down(request *echo.StreamRequest, stream grpc.ServerStreamingServer[echo.Chunk]) error {
	chunk := &echo.Chunk{Payload: bytes.Repeat([]byte("x"), int(request.Size))}
	for range request.Messages {
		if err := stream.Send(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (service) Up(stream grpc.ClientStreamingServer[echo.Chunk, echo.EchoReply]) error {
	sum := 0
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&echo.EchoReply{Name: strconv.Itoa(sum)})
		}
		if err != nil {
			return err
		}
		sum += len(chunk.Payload)
	}
}

func main() {
	port := flag.Uint("port", 0, "on the loopback interface")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	echo.RegisterEchoServer(server, service{})
	log.Fatal(server.Serve(listener))
}

/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.bench.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;

/// Messages over a persistent TCP connection, each answered with one byte when it has arrived in full. Congestion
/// control is
/// that of the namespace (`net.ipv4.tcp_congestion_control`) or of the route.
///
/// `serve ADDRESS PORT`, or `load ADDRESS PORT` and a [LoadPlan].
public final class TcpMessages {
    private static final int BUFFER_BYTES = 1 << 20;

    private TcpMessages() {}

    /// Runs one of the ends.
    public static void main(String[] args) throws IOException, InterruptedException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(args[1]), Integer.parseInt(args[2]));
        if (args[0].equals("serve")) {
            serve(address);
        } else {
            System.out.println(load(address, LoadPlan.parse(args, 3)));
        }
    }

    /// Answers until the process is ended, one connection after the other. The first bytes tell the length of a
    /// message.
    private static void serve(InetSocketAddress address) throws IOException {
        try (ServerSocket listener = new ServerSocket()) {
            listener.bind(address);
            System.out.println("{\"port\": " + listener.getLocalPort() + "}");
            while (true) {
                try (Socket socket = listener.accept()) {
                    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                    answer(socket);
                }
            }
        }
    }

    private static void answer(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        byte[] length = in.readNBytes(4);
        if (length.length < 4) {
            return;
        }
        int size = ByteBuffer.wrap(length).getInt();
        byte[] buffer = new byte[Math.clamp(size, 1, BUFFER_BYTES)];
        while (true) {
            int missing = size;
            while (missing > 0) {
                int count = in.read(buffer, 0, Math.min(missing, buffer.length));
                if (count < 0) {
                    return; // the load has ended
                }
                missing -= count;
            }
            out.write(1);
        }
    }

    private static String load(InetSocketAddress address, LoadPlan plan) throws IOException, InterruptedException {
        try (Socket socket = new Socket()) {
            socket.connect(address, 10_000);
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            OutputStream out = socket.getOutputStream();
            out.write(ByteBuffer.allocate(4).putInt(plan.sizeBytes()).array());
            MessageLoad load = new MessageLoad(plan);
            InputStream in = socket.getInputStream();
            Thread.ofPlatform().daemon().start(() -> read(in, load));
            byte[] message = new byte[plan.sizeBytes()];
            return load.run(index -> out.write(message));
        }
    }

    private static void read(InputStream in, MessageLoad load) {
        try {
            for (int i = 0; in.read() >= 0; i++) {
                load.onAnswer(i);
            }
            load.onFailure("the server has closed the connection");
        } catch (IOException e) {
            load.onFailure(String.valueOf(e.getMessage()));
        }
    }
}

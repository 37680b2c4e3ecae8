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
package io.longhaul.process;

import io.longhaul.Connection;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulException;
import io.longhaul.Message;
import io.longhaul.Right;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A program that accepts a connection and does as its messages tell: `take` all descriptors that the process may have,
/// `connect` and `listen`, `free` them. It answers each with a message.
final class GreedyServer {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<FileInputStream> taken = new ArrayList<>();
    private final Longhaul endpoint;
    private final Listener listener;

    private GreedyServer(Longhaul endpoint, Listener listener) {
        this.endpoint = endpoint;
        this.listener = listener;
    }

    /// Runs until the connection ends.
    public static void main(String[] args) throws Exception {
        final LonghaulConfig config =
                LonghaulConfig.builder().insecure(true).lanes(1).build();
        try (Arena arena = Arena.ofShared();
                Longhaul endpoint = Longhaul.open(config);
                Listener listener = endpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            endpoint.expose("memory", arena.allocate(1 << 16), Grant.of(Right.READ, Right.WRITE));
            System.out.println("listening on " + listener.localAddress().getPort());
            new GreedyServer(endpoint, listener).serve();
        }
    }

    private void serve() throws Exception {
        final Connection connection = listener.accept(PATIENCE);
        while (connection != null && connection.isOpen()) {
            final Message message = connection.receive(PATIENCE);
            if (message == null) {
                return;
            }
            final String told = new String(message.segment().toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
            message.close();
            final byte[] answer = obey(told).getBytes(StandardCharsets.UTF_8);
            connection.send(MemorySegment.ofArray(answer)).join();
        }
    }

    private String obey(String told) throws IOException {
        switch (told) {
            case "take" -> take();
            case "free" -> {
                for (final FileInputStream each : taken) {
                    each.close();
                }
                taken.clear();
            }
            case "connect" -> {
                return attempt(() -> endpoint.connect(listener.localAddress(), Duration.ofSeconds(1))
                        .close());
            }
            case "listen" -> {
                return attempt(() -> endpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .close());
            }
            default -> throw new IllegalArgumentException(told);
        }
        return told + " " + taken.size();
    }

    private void take() {
        try {
            while (true) {
                taken.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException e) {
            System.out.println("took " + taken.size() + ", then " + e.getMessage());
        }
    }

    private static String attempt(Runnable call) {
        try {
            call.run();
            return "done";
        } catch (LonghaulException e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }
}

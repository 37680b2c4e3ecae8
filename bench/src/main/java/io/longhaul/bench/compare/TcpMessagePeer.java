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
package io.longhaul.bench.compare;

import io.longhaul.bench.link.NetworkPair;
import io.longhaul.bench.peers.TcpMessages;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Messages over a persistent TCP connection, by a load of our own.
///
/// @param controller set by the route; as `net.ipv4.tcp_congestion_control` names it
record TcpMessagePeer(String controller) implements Peer {
    private static final String PORT = "4901";

    @Override
    public String name() {
        return "tcp-" + controller;
    }

    @Override
    public String title() {
        return "TCP " + controller.toUpperCase(Locale.ROOT);
    }

    @Override
    public Optional<String> unavailable() {
        return IperfPeer.hasController(controller)
                ? Optional.empty()
                : Optional.of("this kernel has no tcp_" + controller + "; try modprobe tcp_" + controller);
    }

    @Override
    public boolean does(Cell.Kind kind) {
        return kind != Cell.Kind.STREAM;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        programs.namespaces().congestionControl(controller);
        return messages(TcpMessages.class, PORT, cell, effort, programs);
    }

    /// Runs a program that takes `serve ADDRESS PORT` and `load ADDRESS PORT SIZE WARMUP MESSAGES RATE`.
    static Map<String, @Nullable Object> messages(
            Class<?> program, String port, Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        programs.startServer(Programs.java(program, List.of("serve", NetworkPair.RIGHT_ADDRESS, port)), "\"port\"");
        double rate = cell.kind() == Cell.Kind.LOAD ? LoadRate.messagesPerSecond(cell) : 0;
        int total = effort.messages() + effort.warmupMessages();
        double ideal = rate > 0 ? total / rate : total * cell.path().idealSeconds(cell.sizeBytes());
        String output = programs.runClient(
                Programs.java(
                        program,
                        List.of(
                                "load",
                                NetworkPair.RIGHT_ADDRESS,
                                port,
                                String.valueOf(cell.sizeBytes()),
                                String.valueOf(effort.warmupMessages()),
                                String.valueOf(effort.messages()),
                                String.valueOf(rate))),
                (int) (10 * ideal) + 30);
        return JsonText.parse(output);
    }
}

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
        return kind == Cell.Kind.MESSAGES || kind == Cell.Kind.LOAD;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        programs.namespaces().congestionControl(controller);
        programs.probe(List.of("ss", "-tinH", "dst", programs.serverAddress()));
        Map<String, @Nullable Object> result = MessagePrograms.run(
                List.of(), TcpMessages.class, List.of(programs.serverAddress(), PORT), cell, effort, programs);
        String used = controllerIn(programs.probed());
        if (!used.equals(controller)) {
            throw new IOException("the connection had the congestion control '" + used + "', not " + controller);
        }
        result.put("cc", used);
        return result;
    }

    /// The congestion control in what `ss -ti` prints: the first word of the line below a connection.
    static String controllerIn(String output) {
        return output.lines()
                .filter(line -> line.startsWith("\t") || line.startsWith(" "))
                .map(line -> line.strip().split(" ", -1)[0])
                .findFirst()
                .orElse("none that ss has seen");
    }
}

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

import io.longhaul.bench.peers.QuicMessages;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// QUIC by Netty and quiche, with BBR; encrypted, as it always is.
record QuicPeer() implements Peer {
    private static final String PORT = "4903";
    private static final int HEADER_BYTES = 28;

    // What Netty asks of a JDK 24 and newer to reach its memory without warnings.
    private static final List<String> OPTIONS = List.of("--sun-misc-unsafe-memory-access=allow");

    @Override
    public String name() {
        return "quic";
    }

    @Override
    public String title() {
        return "QUIC (quiche, BBR)";
    }

    @Override
    public Optional<String> unavailable() {
        return Natives.missing(
                "io.netty.handler.codec.quic.Quic", "netty_quiche42_linux_", "netty_transport_native_epoll_");
    }

    @Override
    public boolean does(Cell.Kind kind) {
        return kind == Cell.Kind.STREAM || kind == Cell.Kind.MESSAGES || kind == Cell.Kind.LOAD;
    }

    @Override
    public boolean isCompiledAsItRuns() {
        return true;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        String datagram = String.valueOf(cell.path().mtuBytes() - HEADER_BYTES);
        return MessagePrograms.run(
                OPTIONS, QuicMessages.class, List.of(programs.serverAddress(), PORT, datagram), cell, effort, programs);
    }
}

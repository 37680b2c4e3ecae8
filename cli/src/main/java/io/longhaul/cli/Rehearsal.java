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
package io.longhaul.cli;

import io.longhaul.Connection;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulException;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.transfer.BlockDigest;
import io.longhaul.cli.transfer.BlockSender;
import io.longhaul.cli.transfer.Pattern;
import io.longhaul.cli.transfer.TransferListener;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;

/// Moves generated data between two endpoints in this process for a while, so that the code is compiled before it
/// counts.
///
/// A JVM runs its first seconds at a fraction of its speed. A peer sees that as a slow path, and a congestion
/// controller that
/// was told so once climbs back in many round trips. A process that serves for days does not care; one that starts in
/// order
/// to measure does.
///
/// Threading: the caller's thread; everything it starts has ended when it returns.
final class Rehearsal {
    private static final System.Logger LOG = System.getLogger(Rehearsal.class.getName());
    private static final long ROUND_BYTES = 48L << 20;
    private static final long WINDOW_BYTES = 16L << 20;
    private static final long MEMORY_BYTES = 64L << 20;
    private static final long WIRE_BITS_PER_SECOND = 6_000_000_000L;
    private static final Duration WIRE_DELAY = Duration.ofNanos(500_000);
    private static final Duration ANSWER = Duration.ofSeconds(5);

    private Rehearsal() {}

    /// Rehearses with the settings of an endpoint; a pretended link is replaced by a short one.
    ///
    /// @param time how long; rounds that have begun are finished
    static void run(LonghaulConfig config, Duration time) throws InterruptedException {
        final WireConfig wire = WireConfig.builder()
                .delay(WIRE_DELAY)
                .rateBitsPerSecond(WIRE_BITS_PER_SECOND)
                .build();
        final LonghaulConfig own = config.toBuilder()
                .wire(config.wire() == null ? null : wire)
                .congestionController("bbr")
                .rateHintBitsPerSecond(0)
                .maxMemoryBytes(MEMORY_BYTES)
                .identity(config.insecure() ? null : ownIdentity())
                .build();
        try (Longhaul farSide = Longhaul.open(own);
                Server server = Server.inBackground(farSide, MEMORY_BYTES);
                Longhaul endpoint = Longhaul.open(own)) {
            final InetSocketAddress address = server.localAddress();
            final long end = System.nanoTime() + time.toNanos();
            for (long seed = 1; System.nanoTime() - end < 0; seed++) {
                round(endpoint, address, seed);
            }
        } catch (LonghaulException | RefusalException | IOException e) {
            // Only speed is lost.
            LOG.log(Level.DEBUG, "the rehearsal ended early", e);
        }
    }

    /// Both ends are this process: its real certificate need not be for the loopback address.
    private static Longhaul.Identity ownIdentity() {
        return PrivateAuthority.create(Instant.now()).identity("localhost", "127.0.0.1", "::1");
    }

    private static void round(Longhaul endpoint, InetSocketAddress address, long seed)
            throws InterruptedException, RefusalException, IOException {
        final Connection connection = endpoint.connect(address, ANSWER);
        try {
            final Inbox inbox = new Inbox(connection);
            inbox.send(new ControlMessage.Pattern(seed, ROUND_BYTES, WINDOW_BYTES));
            final ControlMessage.Window window = inbox.expect(ControlMessage.Window.class, ANSWER);
            BlockSender.send(
                    inbox,
                    window,
                    Pattern.source(seed),
                    ROUND_BYTES,
                    BlockDigest.none(),
                    WINDOW_BYTES,
                    TransferListener.NONE);
        } finally {
            connection.close(Duration.ZERO);
        }
    }
}

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
package io.longhaul.cli.pingpong;

import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.WorkCompletions;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// One exchange: the client sends, the server answers, until each has sent its number of messages.
///
/// Threading: one thread.
public final class Pingpong {
    private static final int SPINS_BEFORE_REST = 256;
    private static final long REST_NANOS = 1_000;

    private final PingpongPlan plan;
    private final PingpongEnd end;
    private final boolean client;
    private int sent;
    private int sendsDone;
    private int received;
    private int unchanged;

    private Pingpong(PingpongPlan plan, PingpongEnd end, boolean client) {
        this.plan = plan;
        this.end = end;
        this.client = client;
    }

    /// Meets the peer and exchanges messages.
    ///
    /// @param device the device to use, whose data path is this thread's
    /// @param gid the address of the device under which the peer is to reach it
    /// @param listener is told where both ends are
    /// @throws IOException when the peer cannot be met, a message failed or an answer did not come
    public static PingpongResult run(
            PingpongPlan plan,
            RdmaDevice device,
            PortAttributes.Gid gid,
            Rendezvous rendezvous,
            Consumer<String> listener)
            throws IOException {
        try (PingpongEnd end = new PingpongEnd(plan, device, gid)) {
            listener.accept("  local address:  " + end.contact());
            final Contact peer = rendezvous.exchange(end.contact(), end::connect);
            listener.accept("  remote address: " + peer);
            final Pingpong exchange = new Pingpong(plan, end, rendezvous.isClient());
            final long start = System.nanoTime();
            exchange.run();
            final long nanos = System.nanoTime() - start;
            return new PingpongResult(
                    end.contact().toString(),
                    peer.toString(),
                    2L * plan.sizeBytes() * plan.iterations(),
                    nanos,
                    plan.iterations(),
                    exchange.client && plan.checks() ? exchange.unchanged : -1);
        }
    }

    private void run() throws IOException {
        long lastNews = System.nanoTime();
        int idle = 0;
        sendIfDue();
        while (received < plan.iterations() || sendsDone < plan.iterations()) {
            final int count = end.poll();
            for (int i = 0; i < count; i++) {
                onCompletion(end.completions(), i);
            }
            if (count > 0) {
                end.fillReceives();
                sendIfDue();
                lastNews = System.nanoTime();
                idle = 0;
            } else if (System.nanoTime() - lastNews > plan.timeout().toNanos()) {
                throw new IOException(silence());
            } else if (++idle % SPINS_BEFORE_REST == 0) {
                LockSupport.parkNanos(REST_NANOS);
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private void onCompletion(WorkCompletions completions, int index) throws IOException {
        if (!completions.isSuccess(index)) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "message %d of %d failed: %s (vendor error 0x%x)",
                    sent,
                    plan.iterations(),
                    completions.status(index),
                    completions.vendorError(index)));
        }
        if (!completions.isReceive(index)) {
            sendsDone++;
            return;
        }
        end.onReceived();
        final int bytes = end.messageBytes(index);
        if (bytes != plan.sizeBytes()) {
            throw new IOException("the peer sends messages of " + bytes + " B, this end of " + plan.sizeBytes()
                    + " B: give both the same --size");
        }
        if (client && plan.checks()) {
            unchanged += end.holds(received) ? 1 : 0;
        }
        received++;
    }

    /// Sends the next message when the last one is sent and answered.
    private void sendIfDue() throws IOException {
        final boolean turn = client ? received >= sent : received > sent;
        if (!turn || sendsDone < sent || sent == plan.iterations()) {
            return;
        }
        if (client && plan.checks()) {
            end.fill(sent);
        }
        end.send();
        sent++;
    }

    private String silence() {
        final String what = client
                ? "no answer to message " + sent + " of " + plan.iterations()
                : "message " + (received + 1) + " of " + plan.iterations() + " did not come";
        return what + " for " + plan.timeout().toMillis() / 1e3 + " s; " + plan.type()
                + " repeats nothing, so either it or its answer was lost, or the peer ended; give both ends the same --size,"
                + " --iters and --mtu, and see whether UDP port 4791 is open between them";
    }
}

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
import io.longhaul.ConnectionException;
import io.longhaul.LonghaulException;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.ControlMessage.Get;
import io.longhaul.cli.control.ControlMessage.PerfOpen;
import io.longhaul.cli.control.ControlMessage.Put;
import io.longhaul.cli.control.ControlMessage.Summary;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.files.FileService;
import io.longhaul.cli.perf.PerfService;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.transfer.BlockDigest;
import io.longhaul.cli.transfer.BlockReceiver;
import io.longhaul.cli.transfer.Pattern;
import io.longhaul.cli.transfer.TransferListener;
import io.longhaul.cli.transfer.TransferReport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// Does what one client asks, one request after the other. The first thing that goes wrong ends the connection, after
/// the client was told why.
///
/// Threading: one thread.
final class Session {
    private static final long LEAST_WINDOW_BYTES = 1 << 20;
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final Connection connection;
    private final Inbox inbox;
    private final FileService files;
    private final MemoryBudget memory;
    private final Consumer<String> log;
    private final String peer;

    Session(Connection connection, FileService files, MemoryBudget memory, Consumer<String> log) {
        this.connection = connection;
        this.files = files;
        this.memory = memory;
        this.log = log;
        inbox = new Inbox(connection);
        final String address = connection.remoteAddress().getHostString();
        final List<String> names = connection.peerNames();
        peer = names.isEmpty() || names.contains(address) ? address : names.getFirst() + " (" + address + ")";
    }

    void run() {
        try {
            while (true) {
                if (inbox.take() instanceof Inbox.Arrived(var request)) {
                    serve(request);
                }
            }
        } catch (ConnectionException e) {
            if (e.reason() != ConnectionException.Reason.PEER_CLOSED
                    && e.reason() != ConnectionException.Reason.LOCALLY_CLOSED) {
                log.accept(peer + ": connection lost: " + e.getMessage());
            }
        } catch (RefusalException e) {
            log.accept(peer + ": " + (e.isRemote() ? "the client gave up: " : "refused: ") + e.getMessage());
            refuse(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (LonghaulException | IllegalStateException | OutOfMemoryError e) {
            log.accept(peer + ": " + Failures.textOf(e));
            refuse(new RefusalException(RefusalCode.FAILED, "the server failed: " + Failures.textOf(e), e));
        } finally {
            close();
        }
    }

    private void refuse(RefusalException refusal) {
        if (refusal.isRemote()) {
            return;
        }
        try {
            inbox.send(new ControlMessage.Refusal(refusal.code(), String.valueOf(refusal.getMessage())));
        } catch (LonghaulException e) {
            log.accept(peer + ": " + e.getMessage());
        }
    }

    private void close() {
        try {
            connection.close(CLOSE);
        } catch (LonghaulException e) {
            log.accept(peer + ": " + e.getMessage());
        }
    }

    private void serve(ControlMessage request) throws RefusalException, InterruptedException {
        switch (request) {
            case Put put -> {
                try (MemoryBudget.Share share = memory.take(put.windowBytes(), LEAST_WINDOW_BYTES)) {
                    report(
                            "received '" + put.name() + "' for '/" + put.path() + "'",
                            files.take(inbox, put, share.bytes()));
                }
            }
            case Get get -> {
                try (MemoryBudget.Share share = memory.take(Long.MAX_VALUE, LEAST_WINDOW_BYTES)) {
                    report("sent '" + get.path() + "'", files.give(inbox, get, share.bytes()));
                }
            }
            case ControlMessage.Pattern pattern -> {
                try (MemoryBudget.Share share = memory.take(pattern.windowBytes(), LEAST_WINDOW_BYTES)) {
                    report("verified generated bytes", receive(pattern, share.bytes()));
                }
            }
            case PerfOpen open -> {
                try (MemoryBudget.Share share = memory.take(Long.MAX_VALUE, LEAST_WINDOW_BYTES)) {
                    PerfService.serve(inbox, open, share.bytes());
                }
            }
            case Summary _ -> {}
            default -> throw Inbox.unexpected(request);
        }
    }

    private TransferReport receive(ControlMessage.Pattern pattern, long windowBytes)
            throws RefusalException, InterruptedException {
        try {
            return BlockReceiver.receive(
                    inbox,
                    Pattern.sink(pattern.seed()),
                    pattern.sizeBytes(),
                    windowBytes,
                    BlockDigest.none(),
                    TransferListener.NONE);
        } catch (IOException e) {
            throw new RefusalException(RefusalCode.IO_ERROR, String.valueOf(e.getMessage()), e);
        }
    }

    private void report(String what, TransferReport done) {
        log.accept(String.format(
                Locale.ROOT,
                "%s: %s, %s in %.1f s (%s)",
                peer,
                what,
                ByteSize.format(done.sizeBytes()),
                done.seconds(),
                BitRate.format(8.0 * done.movedBytes() / Math.max(1e-9, done.seconds()))));
    }
}

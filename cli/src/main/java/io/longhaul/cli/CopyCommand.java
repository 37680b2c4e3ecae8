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
import io.longhaul.ConnectionStatistics;
import io.longhaul.Longhaul;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.files.FileCopy;
import io.longhaul.cli.files.FileSource;
import io.longhaul.cli.files.LocalTarget;
import io.longhaul.cli.files.PartFile;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.HostPort;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.RemotePath;
import io.longhaul.cli.transfer.TransferReport;
import io.longhaul.cli.transfer.WindowSize;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Copies one file to a server or from it, verified end to end, and resumes what an earlier try has begun.
@Command(
        name = "cp",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Copy a file to a server, or from one: verified by SHA-256, and resumed by repeating the command.",
            "A remote file is HOST:PORT/PATH, with PATH below the server's root; a directory takes the file's own name."
        })
final class CopyCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "SRC", description = "What to copy.")
    String from = "";

    @Parameters(index = "1", paramLabel = "DST", description = "Where to.")
    String to = "";

    @Option(names = "--progress", description = "Show the progress bar even if standard error is no terminal.")
    boolean progress;

    @Mixin
    EndpointOptions endpointOptions = new EndpointOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    private final ProgressMeter quiet = new ProgressMeter(System.err, false);
    private ProgressMeter meter = quiet;
    private volatile @Nullable Connection current;

    @Override
    public Integer call() throws RefusalException, InterruptedException {
        final Optional<RemotePath> source = remote("SRC", from);
        final Optional<RemotePath> target = remote("DST", to);
        if (source.isPresent() == target.isPresent()) {
            throw CommandFailure.usage("one of SRC and DST must be HOST:PORT/PATH and the other a local file, not '"
                    + from + "' and '" + to + "'");
        }
        endpointOptions.config();
        meter = new ProgressMeter(System.err, progress || ProgressMeter.isTerminal());
        final Thread note = Thread.ofPlatform().unstarted(this::sayInterrupted);
        Runtime.getRuntime().addShutdownHook(note);
        try {
            if (target.isPresent()) {
                upload(local("SRC", from), target.get());
            } else {
                download(source.orElseThrow(), local("DST", to));
            }
        } finally {
            meter.clear();
            Runtime.getRuntime().removeShutdownHook(note);
        }
        return ExitStatus.OK;
    }

    /// Tells the server as well, so that it lets go of the target at once.
    private void sayInterrupted() {
        meter.clear();
        final Connection open = current;
        if (open != null) {
            open.close(Duration.ZERO);
        }
        output.say("longhaul cp: interrupted; what has arrived is kept, repeat the command to go on from there");
    }

    private static Optional<RemotePath> remote(String name, String text) {
        try {
            return RemotePath.tryParse(text);
        } catch (QuantityException e) {
            throw CommandFailure.usage("Invalid value for " + name + ": " + e.getMessage());
        }
    }

    private static Path local(String name, String text) {
        try {
            if (text.isEmpty()) {
                throw CommandFailure.usage("Invalid value for " + name + ": it is empty");
            }
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw CommandFailure.usage("Invalid value for " + name + ": '" + text + "' is no path");
        }
    }

    private void upload(Path file, RemotePath target) throws RefusalException, InterruptedException {
        try (FileSource source = new FileSource(file)) {
            final String name = String.valueOf(file.toAbsolutePath().normalize().getFileName());
            copy(target.server(), copy -> copy.upload(source, name, target.path()));
        } catch (IOException e) {
            throw PartFile.refusal(e, "cannot read '" + file + "'");
        }
    }

    private void download(RemotePath source, Path target) throws RefusalException, InterruptedException {
        final String[] names = source.path().split("/", -1);
        final String name = names.length == 0 ? "" : names[names.length - 1];
        if (name.isEmpty()) {
            throw CommandFailure.usage("Invalid value for SRC: '" + from + "' names no file");
        }
        final String wanted = to.endsWith("/") ? target + "/" : target.toString();
        try {
            final Path file = LocalTarget.of(Path.of(wanted), name);
            copy(source.server(), copy -> copy.download(source.path(), file));
        } catch (IOException e) {
            throw PartFile.refusal(e, "cannot write '" + to + "'");
        }
    }

    @FunctionalInterface
    private interface Step {
        TransferReport run(FileCopy copy) throws RefusalException, IOException, InterruptedException;
    }

    private void copy(HostPort server, Step step) throws RefusalException, IOException, InterruptedException {
        try (Longhaul endpoint = endpointOptions.open()) {
            final Connection connection = EndpointOptions.connect(endpoint, server);
            current = connection;
            try {
                endpointOptions.announce(output);
                final Inbox inbox = new Inbox(connection);
                final FileCopy copy = new FileCopy(inbox, windowBytes(connection), meter, meter::total);
                final TransferReport report = run(step, copy, inbox, server);
                meter.clear();
                print(report, connection, copy.senderSummary());
            } finally {
                connection.close(Duration.ofSeconds(3));
            }
        }
    }

    private long windowBytes(Connection connection) {
        return WindowSize.bytesFor(
                endpointOptions.rateHintBitsPerSecond(),
                connection.statistics().smoothedRttNanos(),
                endpointOptions.maxMemoryBytes());
    }

    private TransferReport run(Step step, FileCopy copy, Inbox inbox, HostPort server)
            throws RefusalException, IOException, InterruptedException {
        try {
            return step.run(copy);
        } catch (RefusalException e) {
            if (!e.isRemote()) {
                inbox.send(new ControlMessage.Refusal(e.code(), String.valueOf(e.getMessage())));
            }
            throw CommandFailure.failed((e.isRemote() ? server + " refuses: " : "") + e.getMessage(), e);
        } catch (IOException e) {
            final RefusalException refusal = PartFile.refusal(e, "the client's file failed");
            inbox.send(new ControlMessage.Refusal(refusal.code(), String.valueOf(refusal.getMessage())));
            throw e;
        } catch (ConnectionException e) {
            throw lost(e, server);
        }
    }

    private CommandFailure lost(ConnectionException cause, HostPort server) {
        final String done = meter.totalBytes() == 0
                ? ""
                : " after " + ByteSize.format(meter.doneBytes()) + " of " + ByteSize.format(meter.totalBytes());
        return CommandFailure.failed(
                "the connection to " + server + " was lost" + done + " (" + cause.getMessage()
                        + "); what has arrived is kept, repeat the command to go on from there",
                cause);
    }

    private void print(TransferReport report, Connection connection, Optional<ControlMessage.Summary> sender) {
        final ConnectionStatistics statistics = connection.statistics();
        final SenderAccount account =
                sender.map(ControlMessage.Summary::account).orElseGet(() -> SenderAccount.of(statistics));
        final Json json =
                TransferJson.of(report.movedBytes(), report.seconds(), statistics, account, connection.deviceName());
        final String sha256 = report.digest().hex();
        output.line(String.format(
                Locale.ROOT,
                "copied %s in %.2f s, %s, SHA-256 %s verified",
                ByteSize.format(report.sizeBytes()),
                report.seconds(),
                BitRate.format(8.0 * report.movedBytes() / Math.max(1e-9, report.seconds())),
                sha256));
        account.lines().forEach(output::line);
        output.result(json.put("verified", true)
                .put("sha256", sha256)
                .put("size_bytes", report.sizeBytes())
                .put("resumed_bytes", report.resumedBytes()));
    }
}

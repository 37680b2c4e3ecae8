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
package io.longhaul.cli.files;

import io.longhaul.LonghaulException;
import io.longhaul.cli.control.ControlMessage.FileStamp;
import io.longhaul.cli.control.ControlMessage.Get;
import io.longhaul.cli.control.ControlMessage.Put;
import io.longhaul.cli.control.ControlMessage.Source;
import io.longhaul.cli.control.ControlMessage.Summary;
import io.longhaul.cli.control.ControlMessage.Window;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.transfer.BlockDigest;
import io.longhaul.cli.transfer.BlockReceiver;
import io.longhaul.cli.transfer.BlockSender;
import io.longhaul.cli.transfer.TransferListener;
import io.longhaul.cli.transfer.TransferReport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongConsumer;

/// The client's side of a copy: one per connection.
///
/// Threading: one thread.
public final class FileCopy {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration SUMMARY_TIMEOUT = Duration.ofSeconds(5);

    private final Inbox inbox;
    private final long windowBytes;
    private final TransferListener listener;
    private final LongConsumer onSize;
    private Optional<Summary> senderSummary = Optional.empty();

    /// Prepares a copy.
    ///
    /// @param windowBytes memory for slots
    /// @param onSize is told the length of the file as soon as it is known
    public FileCopy(Inbox inbox, long windowBytes, TransferListener listener, LongConsumer onSize) {
        this.inbox = inbox;
        this.windowBytes = windowBytes;
        this.listener = listener;
        this.onSize = onSize;
    }

    /// Copies an opened file to the peer.
    ///
    /// @param name name of the file, for a path that is a directory
    /// @param path where it goes, relative to the peer's root
    public TransferReport upload(FileSource source, String name, String path)
            throws RefusalException, IOException, InterruptedException {
        final FileStamp stamp = source.stamp();
        onSize.accept(stamp.sizeBytes());
        inbox.send(new Put(path, name, stamp, windowBytes));
        final Window window = inbox.expect(Window.class, ANSWER_TIMEOUT);
        return BlockSender.send(inbox, window, source, stamp.sizeBytes(), BlockDigest.sha256(), windowBytes, listener);
    }

    /// Copies a file of the peer to this machine.
    ///
    /// @param path which, relative to the peer's root
    /// @param target where it goes, see {@link LocalTarget#of}
    public TransferReport download(String path, Path target)
            throws RefusalException, IOException, InterruptedException {
        inbox.send(new Get(path));
        final FileStamp stamp = inbox.expect(Source.class, ANSWER_TIMEOUT).stamp();
        onSize.accept(stamp.sizeBytes());
        final TransferReport report;
        try (PartFile part = new PartFile(target, stamp)) {
            report = BlockReceiver.receive(inbox, part, stamp.sizeBytes(), windowBytes, BlockDigest.sha256(), listener);
        }
        try {
            senderSummary = Optional.of(inbox.expect(Summary.class, SUMMARY_TIMEOUT));
        } catch (RefusalException | LonghaulException e) {
            senderSummary = Optional.empty(); // the file is in its place all the same
        }
        return report;
    }

    /// What the peer counted while it sent; empty when it has not sent, or did not say.
    public Optional<Summary> senderSummary() {
        return senderSummary;
    }
}

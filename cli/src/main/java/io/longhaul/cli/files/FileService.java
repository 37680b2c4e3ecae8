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

import io.longhaul.cli.control.ControlMessage.Get;
import io.longhaul.cli.control.ControlMessage.Put;
import io.longhaul.cli.control.ControlMessage.Source;
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

/// The server's side of a copy.
///
/// Threading: any number of sessions at a time, each with an inbox of its own.
public final class FileService {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);

    private final ServedRoot root;
    private final ActiveTargets targets = new ActiveTargets();

    /// Serves what lies below a root.
    public FileService(ServedRoot root) {
        this.root = root;
    }

    /// Takes a file from the peer.
    ///
    /// @param windowBytes memory for slots
    public TransferReport take(Inbox inbox, Put request, long windowBytes)
            throws RefusalException, InterruptedException {
        final String shown = "'" + request.path() + "'";
        try {
            final Path target = root.target(request.path(), request.name());
            try (ActiveTargets.Held held = targets.open(target, request.stamp(), inbox)) {
                return BlockReceiver.receive(
                        inbox,
                        held.file(),
                        request.stamp().sizeBytes(),
                        windowBytes,
                        BlockDigest.sha256(),
                        TransferListener.NONE);
            }
        } catch (IOException e) {
            throw PartFile.refusal(e, "the server cannot write " + shown);
        }
    }

    /// Gives a file to the peer.
    ///
    /// @param mostBytes cap of the memory for slots
    public TransferReport give(Inbox inbox, Get request, long mostBytes) throws RefusalException, InterruptedException {
        try (FileSource source = new FileSource(root.source(request.path()))) {
            inbox.send(new Source(source.stamp()));
            final Window window = inbox.expect(Window.class, ANSWER_TIMEOUT);
            return BlockSender.send(
                    inbox,
                    window,
                    source,
                    source.stamp().sizeBytes(),
                    BlockDigest.sha256(),
                    mostBytes,
                    TransferListener.NONE);
        } catch (IOException e) {
            throw PartFile.refusal(e, "the server cannot read '" + request.path() + "'");
        }
    }
}

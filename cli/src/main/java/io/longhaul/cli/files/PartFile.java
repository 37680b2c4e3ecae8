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

import io.longhaul.cli.control.ControlMessage.FileStamp;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.transfer.BlockSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A copy in the making: a hidden file beside its target, and a journal. When everything has arrived, it gets the mode
/// and the time of the source and is renamed over the target in one step.
///
/// A second thread notes in the journal four times a second how much was written, and forces it to the disk every five
/// seconds, so that little is lost when the process or the machine ends at any moment. Forcing more often would hold
/// back the writer. The rename comes after one last force, the journal is removed after it.
///
/// Threading: one thread; the checkpoint thread is its own affair.
public final class PartFile implements BlockSink, AutoCloseable {
    static final FileAttribute<?>[] PRIVATE = {
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
    };

    private static final long NOTE_MILLIS = 250;
    private static final long FORCE_NANOS = 5_000_000_000L;
    private static final Set<OpenOption> OPTIONS = Set.of(
            StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

    private final Path target;
    private final Path partPath;
    private final FileStamp stamp;
    private final PartJournal journal;
    private final FileChannel channel;
    private final Thread checkpoints =
            Thread.ofPlatform().daemon().name("longhaul-checkpoint").unstarted(this::checkpoint);
    private final Object monitor = new Object();
    private long resumeBytes;
    private long writtenBytes; // guarded by monitor
    private long forcedBytes; // guarded by monitor
    private boolean stopped; // guarded by monitor
    private @Nullable IOException failure; // guarded by monitor
    private boolean ended;

    /// Opens or creates the part file of a target.
    ///
    /// @param target the file that it shall become, in an existing directory
    /// @param stamp what the source is
    /// @throws RefusalException BUSY when another copy to this target is going on, or as {@link Refusals} says
    public PartFile(Path target, FileStamp stamp) throws RefusalException, IOException {
        this.target = target;
        this.stamp = stamp;
        final String hidden = hiddenName(String.valueOf(target.getFileName()));
        partPath = target.resolveSibling(hidden + LocalTarget.PART_SUFFIX);
        journal = new PartJournal(target.resolveSibling(hidden + LocalTarget.STATE_SUFFIX));
        FileChannel opened = null;
        try {
            opened = FileChannel.open(partPath, OPTIONS, PRIVATE);
            resumeBytes = journal.keptBytes(stamp);
            if (resumeBytes < 0 || resumeBytes > stamp.sizeBytes() || resumeBytes > opened.size()) {
                resumeBytes = 0;
            }
            channel = opened;
            begin(resumeBytes);
        } catch (IOException | RefusalException e) {
            closeQuietly(opened);
            journal.close();
            throw e;
        }
        checkpoints.start();
    }

    private static void closeQuietly(@Nullable FileChannel channel) throws IOException {
        if (channel != null) {
            channel.close();
        }
    }

    /// `.NAME`, or a name made of a digest where the suffix would not fit.
    private static String hiddenName(String name) {
        final byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length + 1 + LocalTarget.STATE_SUFFIX.length() <= ServedRoot.MAX_NAME_BYTES) {
            return "." + name;
        }
        try {
            return "."
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    private void begin(long keptBytes) throws IOException, RefusalException {
        journal.write(stamp, keptBytes, keptBytes);
        journal.verifyOwner();
        channel.truncate(keptBytes);
        synchronized (monitor) {
            writtenBytes = keptBytes;
            forcedBytes = keptBytes;
        }
    }

    @Override
    public long resumeBytes() {
        return resumeBytes;
    }

    /// Bytes that another try will find, at least; for messages.
    public long keptBytes() {
        synchronized (monitor) {
            return writtenBytes;
        }
    }

    @Override
    public void readBack(long offset, ByteBuffer target) throws IOException {
        long at = offset;
        while (target.hasRemaining()) {
            final int count = channel.read(target, at);
            if (count < 0) {
                throw new IOException("the part file became shorter while it was read");
            }
            at += count;
        }
    }

    @Override
    public void restart() throws IOException {
        synchronized (monitor) {
            writtenBytes = 0;
            resumeBytes = 0;
            forcedBytes = 0;
            journal.write(stamp, 0, 0);
            channel.truncate(0);
        }
    }

    @Override
    public void write(long offset, ByteBuffer block) throws IOException {
        long at = offset;
        while (block.hasRemaining()) {
            at += channel.write(block, at);
        }
        synchronized (monitor) {
            if (failure != null) {
                throw failure;
            }
            writtenBytes = at;
        }
    }

    private void checkpoint() {
        long forcedAt = System.nanoTime();
        try {
            while (true) {
                final long written;
                synchronized (monitor) {
                    if (!stopped) {
                        monitor.wait(NOTE_MILLIS);
                    }
                    if (stopped) {
                        return;
                    }
                    journal.write(stamp, forcedBytes, writtenBytes);
                    written = writtenBytes;
                }
                if (System.nanoTime() - forcedAt >= FORCE_NANOS) {
                    channel.force(false);
                    forcedAt = System.nanoTime();
                    noteForced(written);
                }
            }
        } catch (IOException e) {
            synchronized (monitor) {
                failure = e;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Notes what was written before the last force, unless a restart came between.
    private void noteForced(long bytes) {
        synchronized (monitor) {
            if (writtenBytes >= bytes) {
                forcedBytes = bytes;
            }
        }
    }

    @Override
    public void commit() throws IOException {
        stopCheckpoints();
        applyModeAndTime();
        channel.force(true);
        Files.move(partPath, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        ended = true;
        journal.delete();
        forceDirectory();
    }

    private void applyModeAndTime() throws IOException {
        if (stamp.mode() >= 0) {
            final PosixFileAttributeView view =
                    Files.getFileAttributeView(partPath, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            if (view != null) {
                view.setPermissions(FileSource.toPermissions(stamp.mode()));
            }
        }
        final Instant modified = Instant.ofEpochSecond(stamp.modifiedSeconds(), stamp.modifiedNanos());
        Files.setLastModifiedTime(partPath, FileTime.from(modified));
    }

    /// The rename itself must survive a power failure. Some file systems cannot do it, and then there is nothing
    /// to do.
    private void forceDirectory() throws IOException {
        final Path directory = target.toAbsolutePath().getParent();
        if (directory == null) {
            return;
        }
        try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
            opened.force(true);
        } catch (FileSystemException e) {
            return;
        }
    }

    @Override
    public void discard() throws IOException {
        stopCheckpoints();
        ended = true;
        Files.deleteIfExists(partPath);
        journal.delete();
    }

    private void stopCheckpoints() {
        synchronized (monitor) {
            stopped = true;
            monitor.notifyAll();
        }
        boolean interrupted = false;
        while (checkpoints.isAlive()) {
            try {
                checkpoints.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Ends the work on the file. What was written stays for another try, unless nothing was.
    @Override
    public void close() throws IOException {
        stopCheckpoints();
        try {
            if (!ended) {
                keep();
            }
        } finally {
            channel.close();
            journal.close();
        }
    }

    private void keep() throws IOException {
        final long written = keptBytes();
        if (written == 0) {
            Files.deleteIfExists(partPath);
            journal.delete();
            return;
        }
        try {
            channel.force(false);
            journal.write(stamp, written, written);
        } catch (IOException e) {
            // A full disk: what the journal said before still holds.
            return;
        }
    }

    /// The refusal for an error of the file system: its code and one line for people.
    public static RefusalException refusal(IOException error, String what) {
        final RefusalCode code = Refusals.codeOf(error);
        return new RefusalException(code, what + ": " + Refusals.textOf(error, code), error);
    }
}

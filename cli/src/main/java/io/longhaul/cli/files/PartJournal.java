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
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The small file beside a part file that says which source it belongs to and how much of it has arrived. It is locked
/// as long as a copy goes on.
///
/// What was written survives the end of the process at any moment; what was forced survives the end of the machine as
/// well. Both are noted, with the boot of the machine: after another boot only the forced bytes count.
///
/// Two records of 96 bytes are written in turn; the valid one with the higher number counts, so that a crash in the
/// middle of a write leaves the one before.
///
/// ```
/// offset  0 magic "LHSTATE1"   8 number   16 size   24 modified seconds   32 modified nanoseconds
///        36 owner, random      44 forced bytes     52 written bytes       60 boot     88 CRC32C of bytes 0..87
/// ```
///
/// Threading: one thread at a time.
final class PartJournal implements AutoCloseable {
    private static final long MAGIC = 0x4C48_5354_4154_4531L;
    static final int RECORD_BYTES = 96;
    private static final int OWNER_OFFSET = 36;
    private static final int CRC_OFFSET = 88;
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Set<OpenOption> OPTIONS = Set.of(
            StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

    private final Path path;
    private final FileChannel channel;
    private final @Nullable FileLock lock;
    private final long owner = new SecureRandom().nextLong();
    private final long boot = presentBoot();
    private final Optional<Entry> found;
    private long number;

    /// What a journal says.
    ///
    /// @param number counts up
    /// @param stamp which source; its mode is not kept
    /// @param forcedBytes bytes of the part file, from its start, that were forced to the disk
    /// @param writtenBytes bytes of the part file that were written
    /// @param boot which boot of the machine noted it
    record Entry(long number, FileStamp stamp, long forcedBytes, long writtenBytes, long boot) {
        /// Bytes that are there.
        ///
        /// @param presentBoot the present boot of the machine
        long keptBytes(long presentBoot) {
            return boot == presentBoot && boot != 0 ? writtenBytes : forcedBytes;
        }
    }

    /// Opens or creates a journal and locks it.
    ///
    /// @throws RefusalException BUSY when another copy holds it
    PartJournal(Path path) throws IOException, RefusalException {
        this.path = path;
        channel = FileChannel.open(path, OPTIONS, PartFile.PRIVATE);
        boolean opened = false;
        try {
            lock = lock();
            found = newest(readAll(channel));
            number = found.map(Entry::number).orElse(0L);
            opened = true;
        } finally {
            if (!opened) {
                channel.close();
            }
        }
    }

    private @Nullable FileLock lock() throws IOException, RefusalException {
        final FileLock taken;
        try {
            taken = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            throw busy();
        }
        if (taken == null) {
            throw busy();
        }
        return taken;
    }

    private static RefusalException busy() {
        return new RefusalException(
                RefusalCode.BUSY, "another copy to this target is going on; wait until it has ended");
    }

    /// Bytes that an earlier try has left of the same source, by the journal.
    long keptBytes(FileStamp stamp) {
        return found.filter(entry -> entry.stamp().isSameContent(stamp))
                .map(entry -> entry.keptBytes(boot))
                .orElse(0L);
    }

    /// A number for the present boot of the machine; 0 when it is not known, and then only forced bytes count.
    private static long presentBoot() {
        try (FileInputStream in = new FileInputStream(BOOT.toFile())) {
            final CRC32C crc = new CRC32C();
            crc.update(in.readNBytes(64));
            return crc.getValue() | 1L << 32;
        } catch (IOException e) {
            return 0;
        }
    }

    /// Notes how far the copy is.
    void write(FileStamp stamp, long forcedBytes, long writtenBytes) throws IOException {
        number++;
        final ByteBuffer record = encode(new Entry(number, stamp, forcedBytes, writtenBytes, boot), owner);
        final long offset = (number & 1) * RECORD_BYTES;
        while (record.hasRemaining()) {
            channel.write(record, offset + record.position());
        }
    }

    /// Finds out whether the locked file is still the one at the path: another copy may have removed it between
    /// our opening and our locking. To be called after a {@link #write}.
    ///
    /// @throws RefusalException BUSY when it is another
    void verifyOwner() throws IOException, RefusalException {
        final ByteBuffer all;
        try (FileChannel again = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            all = readAll(again);
        } catch (java.nio.file.NoSuchFileException e) {
            throw busy();
        }
        final int at = (int) (number & 1) * RECORD_BYTES + OWNER_OFFSET;
        if (all.limit() < at + Long.BYTES || all.getLong(at) != owner) {
            throw busy();
        }
    }

    void delete() throws IOException {
        Files.deleteIfExists(path);
    }

    static ByteBuffer encode(Entry entry, long owner) {
        final ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES);
        record.putLong(MAGIC).putLong(entry.number());
        record.putLong(entry.stamp().sizeBytes()).putLong(entry.stamp().modifiedSeconds());
        record.putInt(entry.stamp().modifiedNanos()).putLong(owner);
        record.putLong(entry.forcedBytes()).putLong(entry.writtenBytes()).putLong(entry.boot());
        record.putLong(CRC_OFFSET, crc(record));
        return record.clear();
    }

    /// The valid entry with the higher number; whatever else is in the file is passed over.
    static Optional<Entry> newest(ByteBuffer file) {
        Optional<Entry> best = Optional.empty();
        for (int at = 0; at + RECORD_BYTES <= Math.min(file.limit(), 2 * RECORD_BYTES); at += RECORD_BYTES) {
            final ByteBuffer record = file.slice(at, RECORD_BYTES);
            if (record.getLong(0) != MAGIC || record.getLong(CRC_OFFSET) != crc(record)) {
                continue;
            }
            final FileStamp stamp = new FileStamp(record.getLong(16), record.getLong(24), record.getInt(32), -1);
            final Entry entry =
                    new Entry(record.getLong(8), stamp, record.getLong(44), record.getLong(52), record.getLong(60));
            if (best.isEmpty() || entry.number() > best.get().number()) {
                best = Optional.of(entry);
            }
        }
        return best;
    }

    private static long crc(ByteBuffer record) {
        final CRC32C crc = new CRC32C();
        crc.update(record.slice(0, CRC_OFFSET));
        return crc.getValue();
    }

    private static ByteBuffer readAll(FileChannel channel) throws IOException {
        final ByteBuffer all = ByteBuffer.allocate(2 * RECORD_BYTES);
        int count;
        do {
            count = channel.read(all, all.position());
        } while (count > 0 && all.hasRemaining());
        return all.flip();
    }

    @Override
    public void close() throws IOException {
        final FileLock held = lock;
        if (held != null && held.isValid()) {
            held.release();
        }
        channel.close();
    }
}

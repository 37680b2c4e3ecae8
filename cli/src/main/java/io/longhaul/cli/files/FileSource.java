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
import io.longhaul.cli.transfer.BlockSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.Set;

/// A file that is copied. A change of its length or time while it is read is found and refused.
///
/// Threading: one thread.
public final class FileSource implements BlockSource, AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final FileStamp stamp;

    /// Opens a file.
    ///
    /// @throws RefusalException IS_DIRECTORY or NOT_A_FILE
    /// @throws IOException when it does not exist, or may not be read
    public FileSource(Path path) throws IOException, RefusalException {
        // A device or a pipe could block for ever, or never end: it is not even opened.
        final BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        if (attributes.isDirectory()) {
            throw new RefusalException(
                    RefusalCode.IS_DIRECTORY, "'" + path.getFileName() + "' is a directory; copy its files one by one");
        }
        if (!attributes.isRegularFile()) {
            throw new RefusalException(RefusalCode.NOT_A_FILE, "'" + path.getFileName() + "' is not a regular file");
        }
        this.path = path;
        channel = FileChannel.open(path, StandardOpenOption.READ);
        stamp = stampOf(path);
    }

    private static FileStamp stampOf(Path path) throws IOException {
        int mode = -1;
        BasicFileAttributes attributes;
        try {
            final PosixFileAttributes posix = Files.readAttributes(path, PosixFileAttributes.class);
            mode = toMode(posix.permissions());
            attributes = posix;
        } catch (UnsupportedOperationException e) {
            attributes = Files.readAttributes(path, BasicFileAttributes.class);
        }
        final Instant modified = attributes.lastModifiedTime().toInstant();
        return new FileStamp(attributes.size(), modified.getEpochSecond(), modified.getNano(), mode);
    }

    /// The nine permission bits of a set.
    static int toMode(Set<PosixFilePermission> permissions) {
        int mode = 0;
        for (PosixFilePermission each : permissions) {
            mode |= 0400 >> each.ordinal();
        }
        return mode;
    }

    /// The set of nine permission bits.
    static Set<PosixFilePermission> toPermissions(int mode) {
        final Set<PosixFilePermission> permissions = java.util.EnumSet.noneOf(PosixFilePermission.class);
        for (PosixFilePermission each : PosixFilePermission.values()) {
            if ((mode & 0400 >> each.ordinal()) != 0) {
                permissions.add(each);
            }
        }
        return permissions;
    }

    /// What the file was when it was opened.
    public FileStamp stamp() {
        return stamp;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException, RefusalException {
        long at = offset;
        while (target.hasRemaining()) {
            final int count = channel.read(target, at);
            if (count < 0) {
                throw changed();
            }
            at += count;
        }
    }

    @Override
    public void finish() throws IOException, RefusalException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS) || !stampOf(path).isSameContent(stamp)) {
            throw changed();
        }
    }

    private RefusalException changed() {
        return new RefusalException(
                RefusalCode.SOURCE_CHANGED,
                "'" + path.getFileName() + "' changed while it was copied; copy it again when it is at rest");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

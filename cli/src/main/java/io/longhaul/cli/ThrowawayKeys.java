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

import io.longhaul.Longhaul.Identity;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Keys for two processes on this machine, in a directory for its owner alone, which goes when they are closed.
///
/// While they are in use a file in the directory is locked. A process that was killed leaves directory and file behind,
/// but no lock: whoever makes keys next deletes them.
final class ThrowawayKeys implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.longhaul");
    private static final String HOST = "127.0.0.1";
    private static final String PREFIX = "longhaul-keys";
    private static final String IN_USE = "in-use";

    /// A directory without the file is that of a process that is about to make it, unless it is old.
    private static final Duration FRESH = Duration.ofHours(1);

    private final Path directory;
    private @Nullable FileChannel inUse;

    private ThrowawayKeys(Path directory) {
        this.directory = directory;
    }

    /// Makes them, valid for 60 days.
    static ThrowawayKeys make() throws IOException {
        return make(Path.of(System.getProperty("java.io.tmpdir")));
    }

    /// Makes them somewhere.
    static ThrowawayKeys make(Path parent) throws IOException {
        deleteLeftOnes(parent);
        final ThrowawayKeys keys = new ThrowawayKeys(Files.createTempDirectory(parent, PREFIX));
        boolean made = false;
        try {
            keys.lock();
            // Longer than the notice that certificates get before they end; the files go with the demo.
            new KeyFiles(keys.directory, false).make(List.of(List.of(HOST)), Duration.ofDays(60), Instant.now());
            made = true;
            keys.deleteAtExit();
            return keys;
        } finally {
            if (!made) {
                keys.close();
            }
        }
    }

    private void lock() throws IOException {
        final FileChannel channel =
                FileChannel.open(file(IN_USE), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        inUse = channel;
        if (channel.tryLock() == null) {
            throw new IOException("somebody else has locked " + file(IN_USE));
        }
    }

    /// Deletes what killed processes of this user have left. What cannot be deleted stays.
    private static void deleteLeftOnes(Path parent) {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, PREFIX + "*")) {
            final UserPrincipal self = Files.getOwner(Path.of(System.getProperty("user.home")));
            for (final Path each : found) {
                if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)
                        && Files.getOwner(each, LinkOption.NOFOLLOW_LINKS).equals(self)
                        && isLeft(each)) {
                    delete(each);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "keys of earlier demonstrations may be left in " + parent, e);
        }
    }

    private static boolean isLeft(Path directory) throws IOException {
        final Path file = directory.resolve(IN_USE);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            final FileTime changed = Files.getLastModifiedTime(directory, LinkOption.NOFOLLOW_LINKS);
            return changed.toInstant().isBefore(Instant.now().minus(FRESH));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // this process uses it
        }
    }

    /// In case this process is interrupted: in the reverse order of these calls.
    private void deleteAtExit() {
        directory.toFile().deleteOnExit();
        for (final String each : List.of(
                IN_USE,
                ConfigDirectory.AUTHORITY,
                ConfigDirectory.AUTHORITY_KEY,
                ConfigDirectory.CERTIFICATE,
                ConfigDirectory.KEY)) {
            file(each).toFile().deleteOnExit();
        }
    }

    private Path file(String name) {
        return directory.resolve(name);
    }

    /// Options that make a command use them.
    List<String> options() {
        return List.of(
                "--cert", file(ConfigDirectory.CERTIFICATE).toString(),
                "--key", file(ConfigDirectory.KEY).toString(),
                "--trust", file(ConfigDirectory.AUTHORITY).toString());
    }

    /// The same for this process.
    Identity identity() {
        return Identity.ofPem(
                file(ConfigDirectory.CERTIFICATE), file(ConfigDirectory.KEY), file(ConfigDirectory.AUTHORITY));
    }

    @Override
    public void close() throws IOException {
        if (inUse != null) {
            inUse.close();
        }
        delete(directory);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}

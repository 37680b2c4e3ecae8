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
package io.longhaul.identity;

import io.longhaul.ConfigurationException;
import io.longhaul.Longhaul.Identity;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The credentials of an endpoint as they are now: read again when their files have changed, and announced before
/// they expire. Files that cannot be used are complained about once, and what was read before stays in force.
///
/// Threading: any thread.
public final class CredentialStore {
    /// How long before its end a certificate is announced.
    static final Duration NOTICE = Duration.ofDays(30);

    private static final Duration CHECK = Duration.ofSeconds(2);
    private static final Duration REPEAT = Duration.ofDays(1);

    private final Identity identity;
    private final InstantSource clock;
    private final BiConsumer<Level, String> log;
    private volatile Credentials current;
    private List<FileStamp> stamps; // guarded by this, like what follows
    private Instant checked;
    private @Nullable Instant announced;

    /// Whether a file is the one that was read.
    ///
    /// @param key device and inode where there are such, which a replaced file changes; null when it is gone
    private record FileStamp(
            Path file,
            long modifiedMillis,
            long size,
            @Nullable Object key) {
        static FileStamp of(Path file) {
            try {
                final BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return new FileStamp(
                        file, attributes.lastModifiedTime().toMillis(), attributes.size(), attributes.fileKey());
            } catch (IOException e) {
                return new FileStamp(file, -1, -1, null);
            }
        }
    }

    /// Reads the identity, and announces its end if that is near.
    ///
    /// @param log takes lines for people
    /// @throws ConfigurationException when it cannot be used
    public CredentialStore(Identity identity, InstantSource clock, BiConsumer<Level, String> log) {
        this.identity = new Identity(
                identity.source(),
                identity.allowedPeers().stream()
                        .map(HostNames::normal)
                        .collect(java.util.stream.Collectors.toUnmodifiableSet()));
        this.clock = clock;
        this.log = log;
        stamps = stamps();
        checked = clock.instant();
        current = Credentials.load(identity.source());
        current.checkTime(checked);
        announceEnd();
    }

    /// What is in force now. Looks at the files at most every two seconds.
    public Credentials current() {
        final Instant now = clock.instant();
        synchronized (this) {
            // The wall clock may be set back: a check in the future does not put the next one off.
            if (Duration.between(checked, now).abs().compareTo(CHECK) >= 0) {
                checked = now;
                reload();
                announceEnd();
            }
        }
        return current;
    }

    /// Names that may connect, in their normal form; none: all that are trusted.
    public java.util.Set<String> allowedPeers() {
        return identity.allowedPeers();
    }

    private synchronized void reload() {
        final List<FileStamp> now = stamps();
        if (now.equals(stamps)) {
            return;
        }
        stamps = now;
        try {
            final Credentials read = Credentials.load(identity.source());
            read.checkTime(clock.instant());
            current = read;
            announced = null;
            log.accept(Level.INFO, "new certificate in force: " + read.describe() + ", until " + read.notAfter());
        } catch (ConfigurationException e) {
            log.accept(
                    Level.WARNING,
                    "the files of the certificate have changed and cannot be used; the one read before stays in force: "
                            + e.getMessage());
        }
    }

    private synchronized void announceEnd() {
        final Instant now = clock.instant();
        final Instant end = current.notAfter();
        final Instant last = announced;
        if (now.isBefore(end.minus(NOTICE)) || last != null && now.isBefore(last.plus(REPEAT))) {
            return;
        }
        announced = now;
        final String which = "the certificate of " + current.describe() + " in " + current.origin();
        if (now.isAfter(end)) {
            log.accept(
                    Level.WARNING,
                    which + " expired on " + end + ": peers refuse it; replace it, it is read without a restart");
        } else {
            log.accept(
                    Level.WARNING,
                    which + " expires on " + end + ", in "
                            + Duration.between(now, end).toDays() + " days; replace it, it is read without a restart");
        }
    }

    private List<FileStamp> stamps() {
        final List<FileStamp> now = new ArrayList<>();
        switch (identity.source()) {
            case Identity.PemFiles pem -> {
                now.add(FileStamp.of(pem.certificates()));
                now.add(FileStamp.of(pem.key()));
                now.add(FileStamp.of(pem.trust()));
            }
            case Identity.KeyStoreFile store -> {
                now.add(FileStamp.of(store.file()));
                now.add(FileStamp.of(store.passwordFile()));
            }
            case Identity.InMemory _ -> {}
        }
        return now;
    }
}

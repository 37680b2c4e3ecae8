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

import io.longhaul.ConfigurationException;
import io.longhaul.identity.HostNames;
import io.longhaul.identity.PemFiles;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.identity.PrivateAuthority.Issued;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A directory with a private authority and the keys of hosts. Files with secrets are for their owner alone from the
/// moment at which they exist; files that are there are not replaced unless that is wanted, and the authority never.
///
/// The first host's files lie beside the authority's, those of further hosts in directories of their own, which can
/// be copied to the hosts.
final class KeyFiles {
    private final Path directory;
    private final boolean force;

    /// @param force true to replace the files of hosts
    KeyFiles(Path directory, boolean force) {
        this.directory = directory;
        this.force = force;
    }

    /// What was made for a host.
    ///
    /// @param names its names
    /// @param directory where its files are
    /// @param certificate its certificate
    record Host(List<String> names, Path directory, X509Certificate certificate) {}

    /// What was made.
    ///
    /// @param newAuthority false when there was one
    record Made(boolean newAuthority, List<Host> hosts) {}

    /// Makes the keys of hosts, and the authority if there is none.
    ///
    /// @param hosts the names of each host; the first names its directory
    /// @throws ConfigurationException when a name is invalid, or what is there cannot be used
    /// @throws FileAlreadyExistsException when files are there and are not to be replaced; nothing was written
    ///     then
    Made make(List<List<String>> hosts, Duration life, Instant now) throws IOException {
        final List<List<String>> normal = hosts.stream()
                .map(names -> names.stream().map(HostNames::normal).distinct().toList())
                .toList();
        final List<Path> places = places(normal);
        makeDirectory(directory);
        final boolean fresh = !Files.exists(file(ConfigDirectory.AUTHORITY));
        if (fresh && Files.exists(file(ConfigDirectory.AUTHORITY_KEY))) {
            throw new ConfigurationException(file(ConfigDirectory.AUTHORITY_KEY)
                    + " has lost its certificate, ca.pem; put it back, or choose" + " another directory");
        }
        if (!fresh && !Files.exists(file(ConfigDirectory.AUTHORITY_KEY))) {
            throw new ConfigurationException("the authority in " + directory + " has no key here, ca-key.pem; run this"
                    + " where the authority was made, or choose another directory");
        }
        final PrivateAuthority authority = fresh
                ? PrivateAuthority.create(now)
                : PrivateAuthority.load(file(ConfigDirectory.AUTHORITY), file(ConfigDirectory.AUTHORITY_KEY));
        if (fresh) {
            write(
                    file(ConfigDirectory.AUTHORITY_KEY),
                    pem("PRIVATE KEY", authority.key().getEncoded()),
                    true);
            write(file(ConfigDirectory.AUTHORITY), pem(authority.certificate()), false);
        }
        final List<Host> made = new ArrayList<>();
        for (int i = 0; i < normal.size(); i++) {
            made.add(host(authority, normal.get(i), places.get(i), authority.issue(normal.get(i), now, life)));
        }
        return new Made(fresh, List.copyOf(made));
    }

    private Path file(String name) {
        return directory.resolve(name);
    }

    /// Where the files of each host go.
    private List<Path> places(List<List<String>> hosts) throws IOException {
        final List<Path> places = new ArrayList<>();
        for (final List<String> names : hosts) {
            final Path place = hosts.size() == 1 && isFree(names) ? directory : directory.resolve(names.getFirst());
            if (places.contains(place)) {
                throw new ConfigurationException(
                        "the host " + names.getFirst() + " is named twice; further names of one host go behind commas");
            }
            places.add(place);
            for (final String each : List.of(ConfigDirectory.CERTIFICATE, ConfigDirectory.KEY)) {
                if (!force && Files.exists(place.resolve(each))) {
                    throw new FileAlreadyExistsException(place.resolve(each).toString());
                }
            }
        }
        return places;
    }

    /// True when the place beside the authority belongs to nobody, or to this host.
    private boolean isFree(List<String> names) {
        final Path present = file(ConfigDirectory.CERTIFICATE);
        if (!Files.exists(present)) {
            return true;
        }
        return HostNames.of(PemFiles.certificates(present).getFirst()).contains(names.getFirst());
    }

    private Host host(PrivateAuthority authority, List<String> names, Path place, Issued issued) throws IOException {
        makeDirectory(place);
        write(
                place.resolve(ConfigDirectory.KEY),
                pem("PRIVATE KEY", issued.key().getEncoded()),
                true);
        write(place.resolve(ConfigDirectory.CERTIFICATE), pem(issued.certificate()), false);
        if (!place.equals(directory)) {
            replace(place.resolve(ConfigDirectory.AUTHORITY), pem(authority.certificate()), false);
        }
        return new Host(names, place, issued.certificate());
    }

    private static byte[] pem(X509Certificate certificate) {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new AssertionError("it was decoded from its encoding", e);
        }
    }

    private static byte[] pem(String type, byte[] bytes) {
        return PemFiles.encode(type, bytes).getBytes(StandardCharsets.US_ASCII);
    }

    private static void makeDirectory(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            final Path parent = path.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectory(path, permissions("rwx------"));
        }
    }

    private static FileAttribute<?>[] permissions(String text) {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text))}
                : new FileAttribute<?>[0];
    }

    private void write(Path file, byte[] content, boolean secret) throws IOException {
        if (force) {
            replace(file, content, secret);
        } else {
            create(file, content, secret);
        }
    }

    /// Whoever reads the file meanwhile sees the old one or the new one.
    private static void replace(Path file, byte[] content, boolean secret) throws IOException {
        final Path beside = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(beside);
        create(beside, content, secret);
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void create(Path file, byte[] content, boolean secret) throws IOException {
        try (var channel = Files.newByteChannel(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                permissions(secret ? "rw-------" : "rw-r--r--"))) {
            final java.nio.ByteBuffer left = java.nio.ByteBuffer.wrap(content);
            while (left.hasRemaining()) {
                channel.write(left);
            }
        }
    }
}

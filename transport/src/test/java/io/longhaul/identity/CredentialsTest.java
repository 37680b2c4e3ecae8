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

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.Longhaul.Identity;
import io.longhaul.core.SealingParameters.Suite;
import io.longhaul.identity.PrivateAuthority.Issued;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that make an identity, good and bad; and what happens to them in time.
class CredentialsTest {
    private static final PrivateAuthority AUTHORITY = PrivateAuthority.create();
    private static final Duration YEAR = Duration.ofDays(365);

    @TempDir
    Path dir;

    private Path certificate;
    private Path key;
    private Path trust;

    @BeforeEach
    void write() throws IOException {
        certificate = dir.resolve("cert.pem");
        key = dir.resolve("key.pem");
        trust = dir.resolve("ca.pem");
        write(AUTHORITY.issue(List.of("host-a"), Instant.now(), YEAR));
    }

    private void write(Issued issued) throws IOException {
        Files.writeString(trust, pem(AUTHORITY.certificate()));
        Files.writeString(
                certificate, "a comment\r\n" + pem(issued.certificate()).replace("\n", "\r\n"));
        Files.writeString(key, PemFiles.encode("PRIVATE KEY", issued.key().getEncoded()));
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    }

    private static String pem(X509Certificate each) {
        try {
            return PemFiles.encode("CERTIFICATE", each.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new AssertionError(e);
        }
    }

    private Credentials load() {
        return Credentials.load(Identity.ofPem(certificate, key, trust).source());
    }

    private String refusal() {
        final String text = String.valueOf(
                assertThrows(ConfigurationException.class, this::load).getMessage());
        assertEquals(1, text.lines().count());
        assertFalse(text.contains("Exception"), text);
        return text;
    }

    private void refused(String part) {
        final String text = refusal();
        assertTrue(text.contains(part), text);
    }

    @Test
    void goodFilesAreRead() {
        assertEquals(List.of("host-a"), load().names());
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(key);
        refused("key.pem does not exist; make it with: longhaul keygen");
    }

    @Test
    void aKeyThatOthersCanReadIsRefusedWithTheRemedy() throws IOException {
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        refused("run: chmod 600 " + key);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-----w-"));
        refused("can change");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
        load(); // a group of its own is the owner's affair
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() throws Exception {
        Files.writeString(
                key,
                PemFiles.encode(
                        "PRIVATE KEY",
                        AUTHORITY.issue(List.of("b"), Instant.now(), YEAR).key().getEncoded()));
        refused("does not belong to the certificate");
        final KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
        rsa.initialize(2048);
        Files.writeString(
                key,
                PemFiles.encode(
                        "PRIVATE KEY", rsa.generateKeyPair().getPrivate().getEncoded()));
        refused("does not belong to the certificate");
    }

    @Test
    void otherFormsOfKeysAreToldHowToConvert() throws IOException {
        Files.writeString(key, PemFiles.encode("EC PRIVATE KEY", new byte[100]));
        refused("openssl pkcs8 -topk8 -nocrypt -in " + key);
        Files.writeString(key, PemFiles.encode("ENCRYPTED PRIVATE KEY", new byte[100]));
        refused("decrypt it with: openssl pkcs8 -in " + key);
    }

    @Test
    void filesOfSomethingElseAreRefused() throws IOException {
        Files.writeString(certificate, "");
        refused("holds no certificate");
        Files.writeString(certificate, PemFiles.encode("CERTIFICATE", new byte[100]));
        refused("cannot be read");
        Files.writeString(certificate, "-----BEGIN CERTIFICATE-----\n====\n-----END CERTIFICATE-----\n");
        refused("cert.pem");
        Files.writeString(certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n");
        refused("begins as 'CERTIFICATE' and ends as 'PRIVATE KEY'");
        Files.write(certificate, new byte[(1 << 20) + 1]);
        refused("longer than 1 MiB");
        Files.delete(certificate);
        Files.createDirectory(certificate);
        refused("cert.pem cannot be read");
    }

    @Test
    void aChainOutOfOrderOrTooLongIsRefused() throws IOException {
        final Issued host = AUTHORITY.issue(List.of("host-a"), Instant.now(), YEAR);
        write(host);
        Files.writeString(certificate, pem(host.certificate()) + pem(AUTHORITY.certificate()));
        load();
        Files.writeString(certificate, pem(host.certificate()) + pem(host.certificate()));
        refused("are no chain");
        Files.writeString(
                certificate,
                pem(host.certificate()) + pem(AUTHORITY.certificate()).repeat(10));
        refused("a chain has at most 10");
    }

    @Test
    void randomChangesOfAFileAreRefusedOrHarmless() throws IOException {
        final byte[] good = Files.readAllBytes(certificate);
        final byte[] der = Base64.getMimeDecoder()
                .decode(new String(good, java.nio.charset.StandardCharsets.US_ASCII)
                        .replaceAll("(?s).*BEGIN CERTIFICATE-----|-----END.*", ""));
        for (long seed = 1; seed <= 300; seed++) {
            final java.util.SplittableRandom random = new java.util.SplittableRandom(seed);
            final byte[] bad = der.clone();
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            Files.writeString(
                    certificate,
                    PemFiles.encode(
                            "CERTIFICATE",
                            java.util.Arrays.copyOf(
                                    bad, random.nextInt(2) == 0 ? bad.length : random.nextInt(bad.length))));
            try {
                load();
            } catch (ConfigurationException e) {
                assertEquals(1, String.valueOf(e.getMessage()).lines().count());
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @Test
    void aKeyStoreHoldsAllThree() throws Exception {
        final Path store = dir.resolve("store.p12");
        final Path password = dir.resolve("password");
        final Issued host = AUTHORITY.issue(List.of("host-a"), Instant.now(), YEAR);
        final KeyStore made = KeyStore.getInstance("PKCS12");
        made.load(null, null);
        made.setKeyEntry("host", host.key(), "secret".toCharArray(), new Certificate[] {host.certificate()});
        try (OutputStream out = Files.newOutputStream(store)) {
            made.store(out, "secret".toCharArray());
        }
        Files.writeString(password, "secret\n");
        final Identity identity = Identity.ofKeyStore(store, password);
        for (final Path each : List.of(store, password)) {
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rw-r--r--"));
            assertTrue(keyStoreRefusal(identity).contains("chmod 600 " + each));
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rw-------"));
        }
        assertTrue(keyStoreRefusal(identity).contains("keytool -importcert"));
        made.setCertificateEntry("ca", AUTHORITY.certificate());
        try (OutputStream out = Files.newOutputStream(store)) {
            made.store(out, "secret".toCharArray());
        }
        assertEquals(List.of("host-a"), Credentials.load(identity.source()).names());
        Files.writeString(password, "wrong\n");
        assertTrue(keyStoreRefusal(identity).contains("cannot be opened with the password"));
    }

    private static String keyStoreRefusal(Identity identity) {
        return String.valueOf(assertThrows(ConfigurationException.class, () -> Credentials.load(identity.source()))
                .getMessage());
    }

    @Test
    void anEndIsAnnouncedThirtyDaysAheadAndDaily() throws IOException {
        final Instant start = Instant.now();
        write(AUTHORITY.issue(List.of("host-a"), start, Duration.ofDays(40)));
        final Instant[] now = {start};
        final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        final CredentialStore store = new CredentialStore(
                Identity.ofPem(certificate, key, trust), () -> now[0], (level, line) -> lines.add(level + " " + line));
        now[0] = start.plus(Duration.ofDays(9));
        store.current();
        assertEquals(List.of(), lines);
        now[0] = start.plus(Duration.ofDays(11));
        store.current();
        store.current();
        assertEquals(1, lines.size(), lines.toString());
        assertTrue(
                lines.getFirst().contains("in 28 days") || lines.getFirst().contains("in 29 days"), lines.toString());
        now[0] = now[0].plus(Duration.ofHours(23));
        store.current();
        assertEquals(1, lines.size(), lines.toString());
        now[0] = now[0].plus(Duration.ofHours(2));
        store.current();
        assertEquals(2, lines.size(), lines.toString());
        now[0] = start.plus(Duration.ofDays(41));
        store.current();
        assertTrue(lines.getLast().contains("expired on"), lines.toString());
    }

    @Test
    void changedFilesAreReadAndBadOnesLeaveTheOldInForce() throws IOException {
        final Instant[] now = {Instant.now()};
        final List<Level> levels = Collections.synchronizedList(new ArrayList<>());
        final CredentialStore store = new CredentialStore(
                Identity.ofPem(certificate, key, trust), () -> now[0], (level, line) -> levels.add(level));
        final Credentials first = store.current();
        Files.writeString(certificate, "nonsense");
        assertEquals(first, store.current(), "looked again too soon");
        now[0] = now[0].plusSeconds(3);
        assertEquals(first, store.current());
        assertEquals(List.of(Level.WARNING), levels);
        now[0] = now[0].plusSeconds(3);
        store.current();
        assertEquals(List.of(Level.WARNING), levels, "said twice");
        write(AUTHORITY.issue(List.of("host-b"), Instant.now(), YEAR));
        now[0] = now[0].minus(Duration.ofMinutes(30)); // a clock that is set back changes nothing
        assertEquals(List.of("host-b"), store.current().names());
    }

    @Test
    void aCertificateThatNobodyWouldAcceptIsRefusedAtTheStart() throws IOException {
        final Instant now = Instant.now();
        write(AUTHORITY.issue(List.of("host-a"), now.minus(YEAR), now.minusSeconds(5)));
        assertTrue(startRefusal().contains("expired on"));
        write(AUTHORITY.issue(List.of("host-a"), now.plus(YEAR), now.plus(YEAR).plus(YEAR)));
        assertTrue(startRefusal().contains("valid only from"));
    }

    private String startRefusal() {
        final Identity identity = Identity.ofPem(certificate, key, trust);
        return String.valueOf(assertThrows(
                        ConfigurationException.class,
                        () -> new CredentialStore(identity, Instant::now, (level, line) -> {}))
                .getMessage());
    }

    @Test
    void namesThatAreAllowedMustBeNames() {
        final Identity identity = Identity.ofPem(certificate, key, trust).allow(Set.of("a b"));
        assertThrows(
                ConfigurationException.class, () -> new CredentialStore(identity, Instant::now, (level, line) -> {}));
    }

    @Test
    void packetsTakeTheCipherOfTheControlConnection() throws IOException {
        assertEquals(Suite.AES_128_GCM, TlsSession.suite("TLS_AES_128_GCM_SHA256"));
        assertEquals(Suite.AES_256_GCM, TlsSession.suite("TLS_AES_256_GCM_SHA384"));
        assertEquals(Suite.CHACHA20_POLY1305, TlsSession.suite("TLS_CHACHA20_POLY1305_SHA256"));
        final Path processors = dir.resolve("cpuinfo");
        assertTrue(assertDoesNotThrow(() -> TlsSession.hasAes(processors)));
        Files.writeString(processors, "processor\t: 0\nflags\t\t: fpu sse2 aesni_not\n");
        assertFalse(TlsSession.hasAes(processors));
        Files.writeString(processors, "processor\t: 0\nFeatures\t: fp asimd aes pmull\n");
        assertTrue(TlsSession.hasAes(processors));
    }
}

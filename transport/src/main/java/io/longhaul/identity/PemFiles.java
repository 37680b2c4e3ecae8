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
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads and writes PEM (RFC 7468): certificates, and private keys in PKCS #8. Every complaint names the file, and
/// what to do about it.
public final class PemFiles {
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_CERTIFICATES = 1000;
    private static final int LINE = 64;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\\s]*)-----END ([A-Z0-9 ]{1,40})-----");
    private static final byte[] PROBE = "do key and certificate belong together?".getBytes(StandardCharsets.US_ASCII);

    private PemFiles() {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Block(String type, byte[] bytes) {}

    /// A block of text.
    ///
    /// @param type for example {@code CERTIFICATE}
    public static String encode(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + type + "-----\n";
    }

    /// The certificates in a file, one or more, in their order.
    ///
    /// @throws ConfigurationException when there are none, or the file cannot be read
    public static List<X509Certificate> certificates(Path file) {
        final List<X509Certificate> found = new ArrayList<>();
        for (final Block block : blocks(file)) {
            if (block.type().equals("CERTIFICATE")) {
                found.add(certificate(file, block));
            }
        }
        if (found.isEmpty()) {
            throw new ConfigurationException(file + " holds no certificate: no line says -----BEGIN CERTIFICATE-----");
        }
        if (found.size() > MOST_CERTIFICATES) {
            throw new ConfigurationException(
                    file + " holds " + found.size() + " certificates; at most " + MOST_CERTIFICATES + " are read");
        }
        return List.copyOf(found);
    }

    private static X509Certificate certificate(Path file, Block block) {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(block.bytes()));
        } catch (CertificateException e) {
            throw new ConfigurationException(
                    file + " holds a certificate that cannot be read: it is damaged, or not X.509", e);
        }
    }

    /// The private key in a file, which nobody else may be able to read, and which belongs to a certificate.
    ///
    /// @throws ConfigurationException when it cannot be read, others can read it, or it is another key
    static PrivateKey privateKey(Path file, X509Certificate certificate, Path certificateFile) {
        final List<Block> blocks = blocks(file);
        checkPrivate(file);
        for (final Block block : blocks) {
            if (block.type().equals("PRIVATE KEY")) {
                final PrivateKey key = decode(file, block, certificate.getPublicKey());
                if (key == null || !belongs(key, certificate.getPublicKey())) {
                    throw new ConfigurationException("the key in " + file + " does not belong to the certificate in "
                            + certificateFile + "; give the two files that were made together");
                }
                return key;
            }
            if (block.type().endsWith("PRIVATE KEY")) {
                throw new ConfigurationException(unusable(file, block.type()));
            }
        }
        throw new ConfigurationException(file + " holds no private key: no line says -----BEGIN PRIVATE KEY-----");
    }

    private static String unusable(Path file, String type) {
        return type.startsWith("ENCRYPTED")
                ? file + " is encrypted; decrypt it with: openssl pkcs8 -in " + quoted(file)
                        + " -out key.pem, and chmod 600 key.pem; or use a key store"
                : file + " holds a key in the old form '" + type
                        + "'; convert it with: openssl pkcs8 -topk8 -nocrypt -in " + quoted(file)
                        + " -out key.pem, and chmod 600 key.pem";
    }

    private static @org.jspecify.annotations.Nullable PrivateKey decode(Path file, Block block, PublicKey like) {
        try {
            return KeyFactory.getInstance(like.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(block.bytes()));
        } catch (InvalidKeySpecException e) {
            return null; // of another kind, or damaged
        } catch (GeneralSecurityException e) {
            throw new ConfigurationException(
                    file + " cannot be used: this Java has no keys of the kind " + like.getAlgorithm(), e);
        }
    }

    /// True when what the private key signs is verified by the public one.
    static boolean belongs(PrivateKey key, PublicKey publicKey) {
        final String algorithm = switch (publicKey.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> publicKey.getAlgorithm(); // EdDSA
        };
        try {
            final Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(PROBE);
            final byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(PROBE);
            return signature.verify(signed);
        } catch (SignatureException | java.security.InvalidKeyException e) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new ConfigurationException("this Java cannot sign with keys of the kind " + algorithm, e);
        }
    }

    /// Refuses a file that everybody can change.
    static void checkUnalterable(Path file) {
        final Set<PosixFilePermission> permissions;
        try {
            permissions = Files.getPosixFilePermissions(file);
        } catch (UnsupportedOperationException | IOException e) {
            return; // As below.
        }
        if (permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new ConfigurationException("everybody on this machine can change " + file
                    + ", which says whom to believe; run: chmod o-w " + quoted(file));
        }
    }

    /// Refuses a file with a secret that everybody can read or replace.
    static void checkPrivate(Path file) {
        final Set<PosixFilePermission> permissions;
        try {
            permissions = Files.getPosixFilePermissions(file);
        } catch (UnsupportedOperationException | IOException e) {
            return; // A file system without such permissions; one that fails is met when the file is read.
        }
        if (permissions.contains(PosixFilePermission.OTHERS_READ)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new ConfigurationException("everybody on this machine can "
                    + (permissions.contains(PosixFilePermission.OTHERS_READ) ? "read " : "change ") + file
                    + ", which holds a secret; run: chmod 600 " + quoted(file));
        }
    }

    private static List<Block> blocks(Path file) {
        final String text = new String(bytes(file), StandardCharsets.ISO_8859_1);
        final List<Block> blocks = new ArrayList<>();
        final Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            if (!matcher.group(1).equals(matcher.group(3))) {
                throw new ConfigurationException(file + " is damaged: a block begins as '" + matcher.group(1)
                        + "' and ends as '" + matcher.group(3) + "'");
            }
            try {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            } catch (IllegalArgumentException e) {
                throw new ConfigurationException(
                        file + " is damaged: the block '" + matcher.group(1) + "' is no base64", e);
            }
        }
        return blocks;
    }

    /// All of a small file.
    ///
    /// @throws ConfigurationException when it cannot be read or is not small
    static byte[] bytes(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            final byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new ConfigurationException(file + " is longer than 1 MiB: it is no file of certificates or keys");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new ConfigurationException(
                    file + " does not exist; make it with: longhaul keygen, or name another file", e);
        } catch (AccessDeniedException e) {
            throw new ConfigurationException(file + " cannot be read: permission denied; run this as its owner", e);
        } catch (IOException e) {
            throw new ConfigurationException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// A path as a shell takes it.
    static String quoted(Path file) {
        final String text = file.toString();
        return text.matches("[A-Za-z0-9_./~-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}

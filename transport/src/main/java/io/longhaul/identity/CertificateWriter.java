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

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Writes X.509 version 3 certificates (RFC 5280 §4) that are signed by ECDSA with SHA-256.
final class CertificateWriter {
    // RFC 5758 §3.2, RFC 5280 §4.2.1 and Appendix A, X.520 §6.2.2
    private static final byte[] ECDSA_WITH_SHA256 = Der.sequence(Der.oid("1.2.840.10045.4.3.2"));
    private static final byte[] COMMON_NAME = Der.oid("2.5.4.3");
    private static final byte[] SUBJECT_KEY = Der.oid("2.5.29.14");
    private static final byte[] KEY_USAGE = Der.oid("2.5.29.15");
    private static final byte[] SUBJECT_NAMES = Der.oid("2.5.29.17");
    private static final byte[] BASIC_CONSTRAINTS = Der.oid("2.5.29.19");
    private static final byte[] AUTHORITY_KEY = Der.oid("2.5.29.35");
    private static final byte[] EXTENDED_KEY_USAGE = Der.oid("2.5.29.37");
    private static final byte[] SERVER_AUTHENTICATION = Der.oid("1.3.6.1.5.5.7.3.1");
    private static final byte[] CLIENT_AUTHENTICATION = Der.oid("1.3.6.1.5.5.7.3.2");

    private static final byte[] VERSION_3 = Der.explicit(0, Der.integer(BigInteger.TWO));
    private static final int DNS_NAME = 2; // GeneralName, RFC 5280 §4.2.1.6
    private static final int IP_ADDRESS = 7;
    private static final int SERIAL_BYTES = 16; // random: RFC 5280 §4.1.2.2 allows 20
    private static final int KEY_ID_BYTES = 20; // RFC 7093 §2: the leftmost 160 bits of the SHA-256 of the key

    private static final SecureRandom RANDOM = new SecureRandom();

    private CertificateWriter() {}

    /// What a certificate says.
    ///
    /// @param subject common name of the owner
    /// @param key the owner's key
    /// @param names DNS names and IP addresses of the owner; none for an authority
    /// @param notBefore first second in which it is valid
    /// @param notAfter last second in which it is valid
    record Content(String subject, PublicKey key, List<String> names, Instant notBefore, Instant notAfter) {}

    /// A certificate of an authority, signed by itself, which may sign those of hosts and no other authorities.
    static X509Certificate authority(Content content, PrivateKey key) throws GeneralSecurityException {
        final byte[] name = name(content.subject());
        final byte[] extensions = Der.sequence(
                extension(BASIC_CONSTRAINTS, true, Der.sequence(Der.yes(), Der.integer(BigInteger.ZERO))),
                extension(KEY_USAGE, true, Der.bits(1, (byte) 0x06)), // keyCertSign, cRLSign
                extension(SUBJECT_KEY, false, Der.octets(keyId(content.key()))));
        return sign(content, name, extensions, key);
    }

    /// A certificate of a host, for both roles in TLS.
    ///
    /// @param issuer the authority's certificate
    /// @param issuerKey its key
    static X509Certificate host(Content content, X509Certificate issuer, PrivateKey issuerKey)
            throws GeneralSecurityException {
        final byte[] extensions = Der.sequence(
                extension(BASIC_CONSTRAINTS, true, Der.sequence()),
                extension(KEY_USAGE, true, Der.bits(7, (byte) 0x80)), // digitalSignature
                extension(EXTENDED_KEY_USAGE, false, Der.sequence(SERVER_AUTHENTICATION, CLIENT_AUTHENTICATION)),
                extension(SUBJECT_NAMES, false, alternativeNames(content.names())),
                extension(SUBJECT_KEY, false, Der.octets(keyId(content.key()))),
                extension(AUTHORITY_KEY, false, Der.sequence(Der.implicit(0, keyId(issuer.getPublicKey())))));
        return sign(content, issuer.getSubjectX500Principal().getEncoded(), extensions, issuerKey);
    }

    private static X509Certificate sign(Content content, byte[] issuer, byte[] extensions, PrivateKey key)
            throws GeneralSecurityException {
        final byte[] body = Der.sequence(
                VERSION_3,
                Der.integer(serial()),
                ECDSA_WITH_SHA256,
                issuer,
                Der.sequence(Der.time(content.notBefore()), Der.time(content.notAfter())),
                name(content.subject()),
                content.key().getEncoded(),
                Der.explicit(3, extensions));
        final Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update(body);
        final byte[] certificate = Der.sequence(body, ECDSA_WITH_SHA256, Der.bits(0, signature.sign()));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate));
    }

    private static BigInteger serial() {
        final byte[] bytes = new byte[SERIAL_BYTES];
        RANDOM.nextBytes(bytes);
        bytes[0] |= 0x40; // never zero
        return new BigInteger(1, bytes);
    }

    private static byte[] name(String commonName) {
        return Der.sequence(Der.set(Der.sequence(COMMON_NAME, Der.text(commonName))));
    }

    private static byte[] extension(byte[] id, boolean critical, byte[] content) {
        return critical ? Der.sequence(id, Der.yes(), Der.octets(content)) : Der.sequence(id, Der.octets(content));
    }

    private static byte[] alternativeNames(List<String> names) {
        final List<byte[]> encoded = new ArrayList<>();
        for (final String name : names) {
            final byte[] address = HostNames.address(name);
            encoded.add(
                    address == null
                            ? Der.implicit(DNS_NAME, name.getBytes(StandardCharsets.US_ASCII))
                            : Der.implicit(IP_ADDRESS, address));
        }
        return Der.sequence(encoded.toArray(byte[][]::new));
    }

    private static byte[] keyId(PublicKey key) throws GeneralSecurityException {
        return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(key.getEncoded()), KEY_ID_BYTES);
    }
}

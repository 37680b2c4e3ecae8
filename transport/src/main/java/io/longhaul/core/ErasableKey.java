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
package io.longhaul.core;

import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import javax.crypto.SecretKey;

/// A key whose bytes are overwritten when it is destroyed, which those of the JDK's own class are not.
///
/// The JDK's ciphers take a copy when they are given a key, and the schedules that they derive from it stay in the heap
/// until the
/// collector takes them.
final class ErasableKey implements SecretKey {
    private static final long serialVersionUID = 1;

    private final String algorithm;
    private final transient byte[] bytes;
    private transient boolean destroyed;

    /// Copies a part of an array.
    ErasableKey(byte[] from, int offset, int length, String algorithm) {
        this.algorithm = algorithm;
        bytes = Arrays.copyOfRange(from, offset, offset + length);
    }

    @Override
    public String getAlgorithm() {
        return algorithm;
    }

    @Override
    public String getFormat() {
        return "RAW";
    }

    @Override
    public byte[] getEncoded() {
        if (destroyed) {
            throw new IllegalStateException("the key was destroyed: its connection has ended");
        }
        return bytes.clone();
    }

    @Override
    public void destroy() {
        destroyed = true;
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public boolean isDestroyed() {
        return destroyed;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        throw new NotSerializableException("a key of packets is never written anywhere");
    }

    @Override
    public String toString() {
        return "ErasableKey[" + algorithm + (destroyed ? ", destroyed]" : "]");
    }
}

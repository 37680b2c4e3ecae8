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
package io.longhaul.verbs.ibv;

import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;

/// A `struct ibv_ah`.
final class IbvAddressHandle implements AddressHandle {
    private final IbvProtectionDomain domain;
    private final long pointer;
    private final AddressVector vector;
    private boolean closed;

    IbvAddressHandle(IbvProtectionDomain domain, long pointer, AddressVector vector) {
        this.domain = domain;
        this.pointer = pointer;
        this.vector = vector;
    }

    @Override
    public AddressVector vector() {
        return vector;
    }

    @Override
    public long handle() {
        return pointer;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            IbvDevice device = domain.ibvDevice();
            device.addressHandles().remove(pointer);
            domain.forget(this);
            try (Scratch scratch = new Scratch()) {
                int errno = device.library().destroyAh(scratch, pointer);
                if (errno != 0) {
                    throw device.failure(
                            "ibv_destroy_ah", errno, vector.address().getHostAddress());
                }
            }
        }
    }

    @Override
    public String toString() {
        return "address handle of " + vector.address().getHostAddress();
    }
}

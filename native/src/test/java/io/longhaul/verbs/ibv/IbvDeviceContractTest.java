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

import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.DeviceContract;
import io.longhaul.verbs.RdmaDevice;
import java.net.InetAddress;
import org.junit.jupiter.api.Tag;

/// The contract on the kernel's Soft-RoCE, in a guest that has two devices on a pair of network interfaces.
@Tag("guest")
class IbvDeviceContractTest extends DeviceContract {
    @Override
    protected RdmaDevice openDevice(String name) {
        return GuestDevices.open(name.equals("first"));
    }

    @Override
    protected InetAddress address() {
        return GuestDevices.ADDRESS_A;
    }

    @Override
    protected InetAddress addressOf(String name) {
        return name.equals("first") ? GuestDevices.ADDRESS_A : GuestDevices.ADDRESS_B;
    }

    @Override
    protected boolean reportsOverlongDatagrams() {
        return false;
    }

    @Override
    protected CompletionStatus statusOfProtectedReceive() {
        return CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR;
    }

    @Override
    protected boolean hasExactQueues() {
        return false;
    }
}

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
package io.longhaul.verbs.soft;

import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// How a software device is made. Make one with [#builder(InetAddress)].
///
/// @param name the name of the device
/// @param bindAddress a concrete IPv4 or IPv6 address of this host: the ICRC covers it, hence no wildcard
/// @param firstUdpPort the port of the first socket; 0 lets the kernel choose. 4791 is that of rxe and NICs
/// @param sourcePorts number of sockets, 1..64, hence of paths under ECMP; the kernel chooses all ports but the first
/// @param mode how packets cross the kernel
/// @param maxMtuBytes cap on the MTU of the network interface, 576..65,535; 9,000 by default
/// @param socketBufferBytes size to ask for, for send and receive buffer of each socket; the system may allow less
/// @param filter the kernel drops what cannot be RoCEv2, where it can; on by default
/// @param wire a pretended long link between this device and the network, or null
/// @param clock nanoseconds, by default [System#nanoTime()]; `progress` takes times of this clock
/// @param random source of remote keys and queue pair numbers, by default a [SecureRandom]
public record SoftDeviceConfig(
        String name,
        InetAddress bindAddress,
        int firstUdpPort,
        int sourcePorts,
        Mode mode,
        int maxMtuBytes,
        int socketBufferBytes,
        boolean filter,
        @Nullable WireConfig wire,
        LongSupplier clock,
        RandomGenerator random) {

    /// Most sockets of a device.
    public static final int MAX_SOURCE_PORTS = 64;

    private static final int MIN_MTU_BYTES = 576;
    private static final int MAX_MTU_BYTES = 65_535;

    /// Checks the ranges.
    public SoftDeviceConfig {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(mode, "mode");
        Objects.requireNonNull(clock, "clock");
        Objects.requireNonNull(random, "random");
        if (bindAddress.isAnyLocalAddress() || bindAddress.isMulticastAddress()) {
            throw new IllegalArgumentException("bindAddress must be one address of this host, is " + bindAddress);
        }
        checkRange("firstUdpPort", firstUdpPort, 0, 0xffff);
        checkRange("sourcePorts", sourcePorts, 1, MAX_SOURCE_PORTS);
        checkRange("maxMtuBytes", maxMtuBytes, MIN_MTU_BYTES, MAX_MTU_BYTES);
        checkRange("socketBufferBytes", socketBufferBytes, 4096, Integer.MAX_VALUE / 2);
    }

    /// How packets cross the kernel.
    public enum Mode {
        /// Batched where the kernel allows it, plain where it does not.
        AUTO,
        /// Many packets per system call by UDP_SEGMENT and UDP_GRO; opening fails where the kernel lacks them.
        BATCHED,
        /// One packet per message, without offloads.
        PLAIN
    }

    /// Starts with the defaults.
    public static Builder builder(InetAddress bindAddress) {
        return new Builder(bindAddress);
    }

    private static void checkRange(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " must be in " + least + ".." + most + ", is " + value);
        }
    }

    /// Collects what a [SoftDeviceConfig] is made of.
    public static final class Builder {
        private final InetAddress bindAddress;
        private String name = "soft0";
        private int firstUdpPort;
        private int sourcePorts = 1;
        private Mode mode = Mode.AUTO;
        private int maxMtuBytes = 9000;
        private int socketBufferBytes = 32 << 20;
        private boolean filter = true;
        private @Nullable WireConfig wire;
        private LongSupplier clock = System::nanoTime;
        private @Nullable RandomGenerator random;

        private Builder(InetAddress bindAddress) {
            this.bindAddress = bindAddress;
        }

        /// Sets the name of the device.
        public Builder name(String value) {
            name = value;
            return this;
        }

        /// Sets the port of the first socket.
        public Builder firstUdpPort(int value) {
            firstUdpPort = value;
            return this;
        }

        /// Sets the number of sockets.
        public Builder sourcePorts(int value) {
            sourcePorts = value;
            return this;
        }

        /// Sets how packets cross the kernel.
        public Builder mode(Mode value) {
            mode = value;
            return this;
        }

        /// Sets the cap on the MTU.
        public Builder maxMtuBytes(int value) {
            maxMtuBytes = value;
            return this;
        }

        /// Sets the size to ask for, for the buffers of each socket.
        public Builder socketBufferBytes(int value) {
            socketBufferBytes = value;
            return this;
        }

        /// Sets whether the kernel drops what cannot be RoCEv2; without, the device does, and counts it.
        public Builder filter(boolean value) {
            filter = value;
            return this;
        }

        /// Puts a pretended long link between the device and the network; null takes it away.
        public Builder wire(@Nullable WireConfig value) {
            wire = value;
            return this;
        }

        /// Sets the clock.
        public Builder clock(LongSupplier value) {
            clock = value;
            return this;
        }

        /// Sets the source of keys and numbers.
        public Builder random(RandomGenerator value) {
            random = value;
            return this;
        }

        /// Makes the configuration.
        ///
        /// @throws IllegalArgumentException when something is out of range
        public SoftDeviceConfig build() {
            RandomGenerator source = random == null ? new SecureRandom() : random;
            return new SoftDeviceConfig(
                    name,
                    bindAddress,
                    firstUdpPort,
                    sourcePorts,
                    mode,
                    maxMtuBytes,
                    socketBufferBytes,
                    filter,
                    wire,
                    clock,
                    source);
        }
    }
}

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
package io.longhaul.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.LonghaulConfig;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Settings in any combination: made, or refused with a line that says which.
@Timeout(600)
class ConfigFuzzTest {
    private static final List<Method> SETTERS = Stream.of(LonghaulConfig.Builder.class.getMethods())
            .filter(method -> method.getParameterCount() == 1 && method.getReturnType() == LonghaulConfig.Builder.class)
            .filter(method -> method.getParameterTypes()[0].isPrimitive()
                    || method.getParameterTypes()[0].isEnum()
                    || method.getParameterTypes()[0] == Duration.class
                    || method.getParameterTypes()[0] == String.class)
            .sorted(Comparator.comparing(Method::getName))
            .toList();

    // Three settings: for each the setter and eight bytes of its value.
    @Test
    void settingsAreTakenOrRefusedWithOneLine() {
        assertTrue(SETTERS.size() > 15, () -> "only " + SETTERS);
        new Fuzzer("settings", corpus(), ConfigFuzzTest::accept).run(4);
    }

    static List<byte[]> corpus() {
        final byte[] zeros = new byte[27];
        final byte[] ones = new byte[27];
        java.util.Arrays.fill(ones, (byte) 1);
        return List.of(zeros, ones);
    }

    static int accept(byte[] input) throws Exception {
        final ByteBuffer bytes = ByteBuffer.wrap(input);
        final LonghaulConfig.Builder builder = LonghaulConfig.builder();
        int outcome = 0;
        try {
            while (bytes.remaining() >= 9) {
                final int which = Byte.toUnsignedInt(bytes.get()) % SETTERS.size();
                final Method setter = SETTERS.get(which);
                outcome = 31 * outcome + which;
                setter.invoke(builder, value(setter.getParameterTypes()[0], bytes.getLong()));
            }
            builder.build();
            return outcome % 1_000;
        } catch (InvocationTargetException e) {
            return refused(e.getCause());
        } catch (ConfigurationException e) {
            return refused(e);
        }
    }

    private static int refused(@Nullable Throwable e) {
        if (!(e instanceof ConfigurationException)) {
            throw new AssertionError("not a ConfigurationException: " + e, e);
        }
        final String message = String.valueOf(e.getMessage());
        if (message.lines().count() != 1) {
            throw new AssertionError("not one line: " + message, e);
        }
        return message.replaceAll("[-0-9.]+", "").hashCode();
    }

    private static Object value(Class<?> type, long value) {
        if (type == boolean.class) {
            return (value & 1) != 0;
        } else if (type == int.class) {
            return (int) value;
        } else if (type == double.class) {
            return Double.longBitsToDouble(value);
        } else if (type == Duration.class) {
            return (value & 1) == 0 ? Duration.ofNanos(value) : Duration.ofSeconds(value >> 2);
        } else if (type == String.class) {
            return Long.toString(value, 36);
        } else if (type.isEnum()) {
            return type.getEnumConstants()[(int) Long.remainderUnsigned(value, type.getEnumConstants().length)];
        }
        return value;
    }
}

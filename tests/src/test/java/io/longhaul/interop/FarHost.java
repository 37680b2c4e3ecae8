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
package io.longhaul.interop;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;

/// The other host of the lab guest: the network namespace `far`, where nobody holds UDP port 4791.
///
/// A thread of this process moves there, and sockets that it opens stay there, whoever uses them. That is far cheaper
/// in the
/// guest than another JVM.
final class FarHost {
    private static final String NAME = "far";
    private static final int CLONE_NEWNET = 0x40000000;
    private static final int CLONE_NEWNS = 0x20000;
    private static final long MS_BIND = 4096;
    private static final long MS_PRIVATE_AND_ALL_BELOW = 1 << 18 | 1 << 14;

    private FarHost() {}

    /// Makes the WAN one between `rxe_a` and that namespace.
    static void up() throws Exception {
        final Process process = new ProcessBuilder("bash", "-c", "wan_up --peer-netns " + NAME)
                .inheritIO()
                .start();
        Assertions.assertTrue(process.waitFor(140, TimeUnit.SECONDS) && process.exitValue() == 0, "wan_up failed");
    }

    /// Starts something on a thread of that host.
    static <T> FutureTask<T> start(Callable<T> work) {
        final FutureTask<T> task = new FutureTask<>(() -> {
            enter();
            return work.call();
        });
        Thread.ofPlatform().daemon().name("far-host").start(task);
        return task;
    }

    /// Does something on that host.
    static <T> T call(Callable<T> work) throws Exception {
        try {
            return start(work).get(200, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static void enter() {
        try (Arena arena = Arena.ofConfined()) {
            final int fd = call("open", arena.allocateFrom("/run/netns/" + NAME), 0);
            call("setns", fd, CLONE_NEWNET);
            // The JDK reads IPv6 addresses from /proc/net, which is that of the process and not of the thread.
            call("unshare", CLONE_NEWNS);
            mount(arena, "none", "/", MS_PRIVATE_AND_ALL_BELOW);
            mount(arena, "/proc/thread-self/net", "/proc/self/net", MS_BIND);
            call("close", fd);
        } catch (Throwable e) {
            throw new AssertionError("cannot move to the network namespace " + NAME, e);
        }
    }

    private static void mount(Arena arena, String source, String target, long flags) throws Throwable {
        final MethodHandle handle = handle(
                "mount",
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS);
        final int result = (int) handle.invoke(
                arena.allocateFrom(source), arena.allocateFrom(target), MemorySegment.NULL, flags, MemorySegment.NULL);
        Assertions.assertEquals(0, result, "mount " + source + " " + target);
    }

    private static int call(String function, Object... arguments) throws Throwable {
        final ValueLayout[] layouts = new ValueLayout[arguments.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = arguments[i] instanceof MemorySegment ? ValueLayout.ADDRESS : ValueLayout.JAVA_INT;
        }
        final int result = (int) handle(function, layouts).invokeWithArguments(arguments);
        Assertions.assertTrue(result >= 0, function + " failed");
        return result;
    }

    private static MethodHandle handle(String function, ValueLayout... arguments) {
        final Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(function), FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }
}

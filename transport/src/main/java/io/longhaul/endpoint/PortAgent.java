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
package io.longhaul.endpoint;

import io.longhaul.LonghaulConfig;
import java.lang.System.Logger.Level;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.IdleStrategy;

/// A port, its agent and the thread that runs it.
final class PortAgent implements AutoCloseable {
    private static final int JOIN_MILLIS = 5000;

    private final DataPort port;
    private final EngineAgent agent;
    private final AgentRunner runner;

    /// Starts the thread.
    PortAgent(DataPort port, LonghaulConfig config, RateLimitedLog log) {
        this.port = port;
        agent = new EngineAgent(port, log);
        final IdleStrategy idle =
                config.idleMode() == LonghaulConfig.IdleMode.SPIN ? new Spinning(agent) : new Parking(agent);
        runner = new AgentRunner(idle, failure -> onFailure(agent, failure, log), null, agent);
        AgentRunner.startOnThread(runner, PortAgent::thread);
    }

    private static void onFailure(EngineAgent agent, Throwable failure, RateLimitedLog log) {
        if (!(failure instanceof AgentTerminationException)) {
            log.log(Level.ERROR, "the agent " + agent.roleName() + " failed", failure);
        }
    }

    private static Thread thread(Runnable runnable) {
        final Thread thread = new Thread(runnable);
        thread.setDaemon(true);
        return thread;
    }

    EngineAgent agent() {
        return agent;
    }

    DataPort port() {
        return port;
    }

    /// Aborts all connections, ends the thread, and closes the device.
    @Override
    public void close() {
        agent.stop();
        agent.awaitEnd(JOIN_MILLIS);
        runner.close();
        port.close();
    }

    /// Forgets an interrupt, at which {@link AgentRunner} would end without a word, and with it all connections of
    /// the port; agents end by {@link EngineAgent#stop}. A callback may leave one behind, and the JVM sets it when
    /// somebody closes a shared arena that the agent is copying from.
    private static void forgetInterrupt(EngineAgent agent) {
        if (Thread.interrupted()) {
            agent.log().log(
                    Level.WARNING,
                    "the agent " + agent.roleName() + " was interrupted, by a callback or because memory was freed"
                            + " that an operation uses; it goes on");
        }
    }

    /// Sleeps in the device.
    private record Parking(EngineAgent agent) implements IdleStrategy {
        @Override
        public void idle(int workCount) {
            if (workCount <= 0) {
                agent.park();
                forgetInterrupt(agent);
            }
        }

        @Override
        public void idle() {
            agent.park();
        }

        @Override
        public void reset() {}
    }

    /// Never sleeps.
    private record Spinning(EngineAgent agent) implements IdleStrategy {
        @Override
        public void idle(int workCount) {
            if (workCount <= 0) {
                Thread.onSpinWait();
                forgetInterrupt(agent);
            }
        }

        @Override
        public void idle() {
            Thread.onSpinWait();
        }

        @Override
        public void reset() {}
    }
}

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
package io.longhaul.bench.peers;

import io.longhaul.identity.PrivateAuthority;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// QUIC by quiche, through Netty, with BBR, segmentation offload, and flow control out of the way: messages on one
/// stream,
/// each answered with one byte, or a stream of bytes. It is encrypted, as QUIC always is.
///
/// `serve ADDRESS PORT DATAGRAM`, `load ADDRESS PORT DATAGRAM` and a [LoadPlan], or `stream ADDRESS PORT DATAGRAM
/// WARMUP
/// SECONDS`; DATAGRAM is the longest payload of UDP.
public final class QuicMessages {
    private static final String PROTOCOL = "longhaul-bench";
    private static final int SEGMENTS = 7; // of 9000 bytes each, below 64 KiB
    private static final int RECEIVE_BYTES = 65_536;
    private static final int SOCKET_BUFFER_BYTES = 32 << 20;
    private static final long UNLIMITED = 1L << 50;
    private static final int BLOCK_BYTES = 1 << 20;
    private static final int BLOCKS_AHEAD = 4;

    private QuicMessages() {}

    /// Runs one of the ends.
    public static void main(String[] args) throws IOException, InterruptedException, ExecutionException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(args[1]), Integer.parseInt(args[2]));
        int datagramBytes = Integer.parseInt(args[3]);
        // One thread: a connection has no use for more.
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        if (args[0].equals("serve")) {
            serve(group, address, datagramBytes);
            return;
        }
        if (args[0].equals("load")) {
            MessageLoad load = new MessageLoad(LoadPlan.parse(args, 4));
            int size = LoadPlan.parse(args, 4).sizeBytes();
            QuicStreamChannel stream = connect(group, address, datagramBytes, new Answers(load));
            stream.closeFuture().addListener(closed -> load.onFailure("the connection was closed"));
            ByteBuf message = Unpooled.directBuffer(size, size).writeZero(size);
            stream.writeAndFlush(Unpooled.buffer(4).writeInt(size)).sync();
            System.out.println(load.run(index -> {
                var _ = stream.writeAndFlush(message.retainedDuplicate());
            }));
        } else {
            StreamMeter meter = new StreamMeter();
            QuicStreamChannel stream = connect(group, address, datagramBytes, new Reports(meter));
            ByteBuf block = Unpooled.directBuffer(BLOCK_BYTES, BLOCK_BYTES).writeZero(BLOCK_BYTES);
            stream.writeAndFlush(Unpooled.buffer(4).writeInt(0)).sync();
            for (int i = 0; i < BLOCKS_AHEAD; i++) {
                writeOn(stream, block);
            }
            System.out.println(meter.measure(Double.parseDouble(args[4]), Double.parseDouble(args[5])));
        }
        System.out.flush();
        Runtime.getRuntime().halt(0); // what is on the way need not arrive
    }

    private static void writeOn(QuicStreamChannel stream, ByteBuf block) {
        stream.writeAndFlush(block.retainedDuplicate()).addListener(written -> {
            if (written.isSuccess()) {
                writeOn(stream, block);
            } else {
                System.err.println("QuicMessages: " + written.cause());
                Runtime.getRuntime().halt(1);
            }
        });
    }

    private static <B extends QuicCodecBuilder<B>> B tuned(B builder, int datagramBytes) {
        return builder.maxIdleTimeout(30, TimeUnit.SECONDS)
                .initialMaxData(UNLIMITED)
                .initialMaxStreamDataBidirectionalLocal(UNLIMITED)
                .initialMaxStreamDataBidirectionalRemote(UNLIMITED)
                .initialMaxStreamsBidirectional(16)
                .maxSendUdpPayloadSize(datagramBytes)
                .maxRecvUdpPayloadSize(datagramBytes)
                .congestionControlAlgorithm(QuicCongestionControlAlgorithm.BBR);
    }

    private static Bootstrap bootstrap(MultiThreadIoEventLoopGroup group) {
        return new Bootstrap()
                .group(group)
                .channel(EpollDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER_BYTES)
                .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER_BYTES)
                .option(EpollChannelOption.UDP_GRO, true)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(RECEIVE_BYTES));
    }

    private static void serve(MultiThreadIoEventLoopGroup group, InetSocketAddress address, int datagramBytes)
            throws InterruptedException {
        PrivateAuthority.Issued issued = PrivateAuthority.create()
                .issue(List.of(address.getAddress().getHostAddress()), Instant.now(), Duration.ofDays(2));
        QuicServerCodecBuilder builder = new QuicServerCodecBuilder()
                .sslContext(QuicSslContextBuilder.forServer(issued.key(), null, issued.certificate())
                        .applicationProtocols(PROTOCOL)
                        .build())
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .option(
                        QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                        EpollQuicUtils.newSegmentedAllocator(SEGMENTS))
                .streamHandler(new ChannelInitializer<QuicStreamChannel>() {
                    @Override
                    protected void initChannel(QuicStreamChannel stream) {
                        stream.pipeline().addLast(new Served());
                    }
                });
        Channel channel = bootstrap(group)
                .handler(tuned(builder, datagramBytes).build())
                .bind(address)
                .sync()
                .channel();
        System.out.println("{\"port\": " + address.getPort() + "}");
        channel.closeFuture().sync();
    }

    private static QuicStreamChannel connect(
            MultiThreadIoEventLoopGroup group,
            InetSocketAddress address,
            int datagramBytes,
            SimpleChannelInboundHandler<ByteBuf> handler)
            throws InterruptedException, ExecutionException {
        QuicClientCodecBuilder builder = new QuicClientCodecBuilder()
                .sslContext(QuicSslContextBuilder.forClient()
                        .trustManager(InsecureTrustManagerFactory.INSTANCE)
                        .applicationProtocols(PROTOCOL)
                        .build());
        Channel channel = bootstrap(group)
                .handler(tuned(builder, datagramBytes).build())
                .bind(0)
                .sync()
                .channel();
        QuicChannel connection = QuicChannel.newBootstrap(channel)
                .option(
                        QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                        EpollQuicUtils.newSegmentedAllocator(SEGMENTS))
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel opened) {}
                })
                .remoteAddress(address)
                .connect()
                .get();
        return connection
                .createStream(QuicStreamType.BIDIRECTIONAL, handler)
                .sync()
                .getNow();
    }

    /// The server's end of a stream.
    private static final class Served extends SimpleChannelInboundHandler<ByteBuf> {
        private final ByteBuf head = Unpooled.buffer(4);
        private int size = -1;
        private long arrived;
        private long answered;

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            while (size < 0 && bytes.isReadable()) {
                head.writeByte(bytes.readByte());
                if (head.readableBytes() == 4) {
                    size = head.readInt();
                    if (size == 0) {
                        report(context);
                    }
                }
            }
            arrived += bytes.readableBytes();
            if (size > 0 && arrived / size > answered) {
                int count = (int) (arrived / size - answered);
                answered += count;
                var _ = context.writeAndFlush(Unpooled.buffer(count).writeZero(count));
            }
        }

        private void report(ChannelHandlerContext context) {
            if (context.channel().isActive()) {
                var _ = context.writeAndFlush(Unpooled.wrappedBuffer(StreamMeter.report(arrived)));
                var _ = context.executor()
                        .schedule(() -> report(context), StreamMeter.REPORT_NANOS, TimeUnit.NANOSECONDS);
            }
        }
    }

    /// The client's end, of messages.
    private static final class Answers extends SimpleChannelInboundHandler<ByteBuf> {
        private final MessageLoad load;
        private int index;

        Answers(MessageLoad load) {
            this.load = load;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            for (int i = bytes.readableBytes(); i > 0; i--) {
                load.onAnswer(index);
                index++;
            }
        }
    }

    /// The client's end, of a stream.
    private static final class Reports extends SimpleChannelInboundHandler<ByteBuf> {
        private final StreamMeter meter;
        private final ByteBuf pending = Unpooled.buffer();

        Reports(StreamMeter meter) {
            this.meter = meter;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            pending.discardReadBytes().writeBytes(bytes);
            while (pending.readableBytes() >= StreamMeter.REPORT_BYTES) {
                meter.onReport(pending.readSlice(StreamMeter.REPORT_BYTES).nioBuffer());
            }
        }
    }
}

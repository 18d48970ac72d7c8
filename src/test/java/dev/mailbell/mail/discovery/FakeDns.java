package dev.mailbell.mail.discovery;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A name server on loopback that knows SRV records and nothing else (RFC 1035, RFC 2782). */
final class FakeDns implements AutoCloseable {
    private static final int NO_SUCH_NAME = 3;
    private static final int SERVER_FAILURE = 2;

    private final Map<String, List<SrvRecord>> records = new ConcurrentHashMap<>();
    private final DatagramSocket socket;
    private volatile boolean silent;
    private volatile boolean failing;

    FakeDns() throws IOException {
        socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
        Thread.ofPlatform().daemon().name("fake-dns").start(this::serve);
    }

    String url() {
        return "dns://127.0.0.1:" + socket.getLocalPort();
    }

    void add(String name, SrvRecord... srv) {
        records.put(name, List.of(srv));
    }

    void keepSilent() {
        silent = true;
    }

    void fail() {
        failing = true;
    }

    private void serve() {
        byte[] buffer = new byte[512];
        while (!socket.isClosed()) {
            DatagramPacket question = new DatagramPacket(buffer, buffer.length);
            try {
                socket.receive(question);
                if (!silent) {
                    byte[] answer = answer(buffer, question.getLength());
                    socket.send(
                            new DatagramPacket(answer, answer.length, question.getSocketAddress()));
                }
            } catch (SocketException e) {
                return;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private byte[] answer(byte[] question, int length) throws IOException {
        StringBuilder name = new StringBuilder();
        int end = 12;
        while (question[end] != 0) {
            name.append(new String(question, end + 1, question[end], US_ASCII)).append('.');
            end += question[end] + 1;
        }
        name.setLength(Math.max(0, name.length() - 1));
        end += 5;
        List<SrvRecord> found = records.get(name.toString());
        int code = failing ? SERVER_FAILURE : found == null ? NO_SUCH_NAME : 0;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(question, 0, 2);
        out.writeShort(0x8180 | code);
        out.writeShort(1);
        out.writeShort(found == null ? 0 : found.size());
        out.writeInt(0);
        out.write(question, 12, Math.min(end, length) - 12);
        for (SrvRecord record : found == null ? List.<SrvRecord>of() : found) {
            byte[] target = name(record.target());
            out.writeShort(0xc00c);
            out.writeShort(33);
            out.writeShort(1);
            out.writeInt(60);
            out.writeShort(6 + target.length);
            out.writeShort(record.priority());
            out.writeShort(record.weight());
            out.writeShort(record.port());
            out.write(target);
        }
        return bytes.toByteArray();
    }

    private static byte[] name(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String label : text.split("\\.")) {
            bytes.write(label.length());
            bytes.write(label.getBytes(US_ASCII));
        }
        bytes.write(0);
        return bytes.toByteArray();
    }

    @Override
    public void close() {
        socket.close();
    }
}

package dev.mailbell.network.socket;

import dev.mailbell.network.Host;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The command CONNECT of SOCKS version 5 (RFC 1928), with user and password (RFC 1929). The JDK's
 * own client has no deadline over its whole dialogue, asks the process's Authenticator for a
 * password, and looks names up by itself.
 */
final class Socks5 implements ProxyDialogue.Protocol {
    private static final int VERSION = 5;
    private static final int LOGIN_VERSION = 1;
    private static final int CONNECT = 1;
    private static final int NO_LOGIN = 0;
    private static final int USER_AND_PASSWORD = 2;
    private static final int NOTHING_ACCEPTED = 0xff;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;

    private final String proxy;
    private final ProxyAddress.@Nullable Login login;

    Socks5(String proxy, ProxyAddress.@Nullable Login login) {
        this.proxy = proxy;
        this.login = login;
    }

    @Override
    public void connect(Socket socket, ProxyReader answers, ProxyDialogue.Target target)
            throws IOException {
        socket.getOutputStream()
                .write(
                        login == null
                                ? new byte[] {VERSION, 1, NO_LOGIN}
                                : new byte[] {VERSION, 2, NO_LOGIN, USER_AND_PASSWORD});
        requireVersion(answers.next("a choice of method"));
        int method = answers.next("a choice of method");
        if (method == USER_AND_PASSWORD && login != null) {
            logIn(socket, answers, login);
        } else if (method == NOTHING_ACCEPTED) {
            throw ProxyException.of(
                    proxy,
                    login == null
                            ? "wants a user and password"
                            : "accepts no login by user and password");
        } else if (method != NO_LOGIN) {
            throw ProxyException.of(proxy, "chose a method that was not offered (" + method + ")");
        }
        socket.getOutputStream().write(request(target));
        requireVersion(answers.next("an answer to CONNECT"));
        int reply = answers.next("an answer to CONNECT");
        if (reply != 0) {
            throw refusal(reply, target);
        }
        skipBoundAddress(answers);
    }

    private void requireVersion(int version) throws ProxyException {
        if (version != VERSION) {
            throw ProxyException.of(proxy, "does not speak SOCKS version 5; is its port right?");
        }
    }

    private void logIn(Socket socket, ProxyReader answers, ProxyAddress.Login given)
            throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.write(LOGIN_VERSION);
        writeWord(message, given.user());
        writeWord(message, given.password());
        socket.getOutputStream().write(message.toByteArray());
        answers.next("an answer to the login");
        if (answers.next("an answer to the login") != 0) {
            throw ProxyException.of(proxy, "refused the user and password");
        }
    }

    private static void writeWord(ByteArrayOutputStream message, String word) {
        byte[] octets = word.getBytes(StandardCharsets.UTF_8);
        message.write(octets.length);
        message.writeBytes(octets);
    }

    private static byte[] request(ProxyDialogue.Target target) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.writeBytes(new byte[] {VERSION, CONNECT, 0});
        InetAddress address = target.address();
        if (address == null) {
            message.write(NAME);
            writeWord(message, Host.of(target.host()).toString());
        } else {
            byte[] octets = address.getAddress();
            message.write(octets.length == 4 ? IPV4 : IPV6);
            message.writeBytes(octets);
        }
        message.write(target.port() >> 8);
        message.write(target.port());
        return message.toByteArray();
    }

    /**
     * Reads the rest of the answer: the address from which the proxy connects, which means nothing.
     */
    private void skipBoundAddress(ProxyReader answers) throws IOException {
        String rest = "the end of its answer";
        answers.next(rest);
        int length =
                switch (answers.next(rest)) {
                    case IPV4 -> 4;
                    case IPV6 -> 16;
                    case NAME -> answers.next(rest);
                    default ->
                            throw ProxyException.of(
                                    proxy, "answered with an address of an unknown type");
                };
        answers.next(length + 2, rest);
    }

    private IOException refusal(int reply, ProxyDialogue.Target target) {
        return switch (reply) {
            case 1 -> ProxyException.ofEither(proxy, said(reply, "general failure", target), null);
            case 2 -> ProxyException.of(proxy, said(reply, "not allowed", target));
            case 3 -> targetFailed(target, reply, "network unreachable");
            case 4 -> targetFailed(target, reply, "host unreachable");
            case 5 -> targetFailed(target, reply, "connection refused");
            case 6 -> targetFailed(target, reply, "TTL expired");
            case 7 -> ProxyException.of(proxy, said(reply, "command not supported", target));
            case 8 ->
                    ProxyException.ofEither(
                            proxy, said(reply, "address type not supported", target), null);
            default -> ProxyException.of(proxy, said(reply, "unknown failure", target));
        };
    }

    private static String said(int reply, String text, ProxyDialogue.Target target) {
        return "answered %d (%s) to CONNECT %s".formatted(reply, text, target);
    }

    private ConnectException targetFailed(ProxyDialogue.Target target, int reply, String text) {
        return new ConnectException(
                "%s cannot be reached: %s answered %d (%s)".formatted(target, proxy, reply, text));
    }
}

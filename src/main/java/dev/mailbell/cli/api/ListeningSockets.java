package dev.mailbell.cli.api;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The listening TCP sockets of this machine, and their users, from {@code /proc/net}, which every
 * user may read.
 */
final class ListeningSockets {
    private static final String LISTEN = "0A";
    private static final int LOCAL = 1;
    private static final int STATE = 3;
    private static final int USER = 7;
    private static final int WORD = 4;
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    private final Path directory;

    /**
     * @param directory with the files {@code tcp} and {@code tcp6}: {@code /proc/net}
     */
    ListeningSockets(Path directory) {
        this.directory = directory;
    }

    /**
     * The ids of the users whose sockets take connections to an address.
     *
     * @return none when nothing listens there; empty where this system does not tell
     */
    Optional<Set<Integer>> users(InetAddress address, int port) {
        Set<Integer> users = new TreeSet<>();
        try {
            add(users, directory.resolve("tcp"), address, port);
            Path six = directory.resolve("tcp6");
            // A kernel without IPv6 has no such file.
            if (Files.exists(six)) {
                add(users, six, address, port);
            }
            return Optional.of(users);
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException unreadable) {
            return Optional.empty();
        }
    }

    private static void add(Set<Integer> users, Path file, InetAddress address, int port)
            throws IOException {
        for (String line :
                Files.readAllLines(file, StandardCharsets.US_ASCII).stream().skip(1).toList()) {
            String[] fields = line.strip().split(" +");
            if (!fields[STATE].equals(LISTEN)) {
                continue;
            }
            String local = fields[LOCAL];
            int colon = local.indexOf(':');
            if (Integer.parseInt(local, colon + 1, local.length(), 16) == port
                    && takes(bytes(local.substring(0, colon)), address)) {
                users.add(Integer.parseInt(fields[USER]));
            }
        }
    }

    /** The kernel prints words of 32 bits in the byte order of the machine. */
    private static byte[] bytes(String hex) {
        ByteBuffer words = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        ByteBuffer bytes = ByteBuffer.allocate(words.capacity()).order(ByteOrder.nativeOrder());
        while (words.remaining() >= WORD) {
            bytes.putInt(words.getInt());
        }
        return bytes.array();
    }

    private static boolean takes(byte[] listening, InetAddress address) {
        byte[] plain =
                listening.length > MAPPED.length
                                && Arrays.equals(
                                        listening, 0, MAPPED.length, MAPPED, 0, MAPPED.length)
                        ? Arrays.copyOfRange(listening, MAPPED.length, listening.length)
                        : listening;
        boolean any = true;
        for (byte each : plain) {
            any &= each == 0;
        }
        return any || Arrays.equals(plain, address.getAddress());
    }
}

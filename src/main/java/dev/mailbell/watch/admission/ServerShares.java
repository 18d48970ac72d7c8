package dev.mailbell.watch.admission;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What is known of each mail server at which a client has accounts. Of servers at which no check
 * runs or waits 10,000 are remembered; a client that uses more of them forgets its own first. For
 * one thread at a time.
 */
final class ServerShares {
    private static final int REMEMBERED = 10_000;

    /** Of each client, the one that was used longest ago first. */
    private final Map<UUID, Map<String, ServerShare>> clients = new HashMap<>();

    private int size;

    /** What is known of a server; nothing at first. */
    ServerShare of(CheckedServer server) {
        Map<String, ServerShare> known =
                clients.computeIfAbsent(
                        server.client(), client -> new LinkedHashMap<>(16, 0.75f, true));
        ServerShare share = known.get(server.name());
        if (share == null) {
            share = new ServerShare(server);
            known.put(server.name(), share);
            size++;
        }
        return share;
    }

    Optional<ServerShare> find(CheckedServer server) {
        return Optional.ofNullable(
                clients.getOrDefault(server.client(), Map.of()).get(server.name()));
    }

    /** Forgets what is not worth to be remembered any more. */
    void forget(ServerShare share) {
        if (share.isForgettable()) {
            remove(share);
        } else if (size > REMEMBERED) {
            clients.values().stream()
                    .max(Comparator.comparingInt(Map::size))
                    .flatMap(most ->
                            most.values().stream().filter(ServerShare::isUnused).findFirst())
                    .ifPresent(this::remove);
        }
    }

    private void remove(ServerShare share) {
        UUID client = share.server().client();
        Map<String, ServerShare> known = clients.get(client);
        if (known != null && known.remove(share.server().name()) != null) {
            size--;
            if (known.isEmpty()) {
                clients.remove(client);
            }
        }
    }

    List<ServerShare> all() {
        List<ServerShare> all = new ArrayList<>(size);
        clients.values().forEach(known -> all.addAll(known.values()));
        return all;
    }

    int size() {
        return size;
    }
}

package dev.mailbell.api.account.registration;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * What the address guard has against the hosts of one request. It is asked once about each host;
 * threads that ask meanwhile wait for that answer.
 */
final class HostFaults {
    private final Map<String, CompletableFuture<Optional<String>>> answers =
            new ConcurrentHashMap<>();
    private final Function<String, Optional<String>> guard;

    HostFaults(Function<String, Optional<String>> guard) {
        this.guard = guard;
    }

    Optional<String> of(String host) {
        CompletableFuture<Optional<String>> own = new CompletableFuture<>();
        CompletableFuture<Optional<String>> first = answers.putIfAbsent(host, own);
        if (first != null) {
            return first.join();
        }
        try {
            Optional<String> answer = guard.apply(host);
            own.complete(answer);
            return answer;
        } finally {
            // After a fault the threads that wait end, too.
            own.completeExceptionally(new IllegalStateException("the host was not looked up"));
        }
    }
}

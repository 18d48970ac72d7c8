package dev.mailbell.routing.node;

import dev.mailbell.secret.Keyring;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Encrypts and authenticates what nodes send each other, with the keyset that all nodes share. A
 * request is bound to its sender, its target, a time and a nonce, and is accepted once; an answer
 * is bound to its request.
 */
public final class NodeSeal {
    /** How far a request's time may be from the receiver's, both by the database's clock. */
    static final Duration TOLERANCE = Duration.ofSeconds(30);

    /** Requests within twice the tolerance; more are refused. */
    private static final int MAX_NONCES = 200_000;

    private final Keyring keyring;
    private final UUID self;
    private final InstantSource clock;

    /** The nonces of accepted requests and when they were accepted, oldest first. */
    private final Map<UUID, Instant> accepted = new LinkedHashMap<>();

    /**
     * @param clock follows the database's clock
     */
    public NodeSeal(Keyring keyring, UUID self, InstantSource clock) {
        this.keyring = keyring;
        this.self = self;
        this.clock = clock;
    }

    /** What a request is bound to; it travels in clear. */
    public record Envelope(UUID from, UUID to, Instant at, UUID nonce) {
        private String request() {
            return "node-request/" + from + "/" + to + "/" + at.toEpochMilli() + "/" + nonce;
        }

        private String answer() {
            return "node-answer/" + from + "/" + to + "/" + at.toEpochMilli() + "/" + nonce;
        }
    }

    /** An envelope for a request that is sent now. */
    public Envelope envelope(UUID to) {
        return new Envelope(self, to, clock.instant(), UUID.randomUUID());
    }

    public byte[] sealRequest(Envelope envelope, byte[] plain) {
        return keyring.encrypt(plain, envelope.request());
    }

    /** Whether a request with this envelope may be for this node, before it is decrypted. */
    public boolean isAcceptable(Envelope envelope) {
        return envelope.to().equals(self)
                && Duration.between(envelope.at(), clock.instant()).abs().compareTo(TOLERANCE) <= 0;
    }

    /**
     * Decrypts an acceptable request.
     *
     * @throws dev.mailbell.secret.KeyringException when no node of this cluster has made it
     * @throws ReplayedException when it was accepted before
     */
    public byte[] openRequest(Envelope envelope, byte[] sealed) {
        byte[] plain = keyring.decryptBytes(sealed, envelope.request());
        accept(envelope);
        return plain;
    }

    private synchronized void accept(Envelope envelope) {
        Instant now = clock.instant();
        Instant oldest = now.minus(TOLERANCE.multipliedBy(2));
        Iterator<Instant> oldestFirst = accepted.values().iterator();
        while (oldestFirst.hasNext() && oldestFirst.next().isBefore(oldest)) {
            oldestFirst.remove();
        }
        if (accepted.size() >= MAX_NONCES || accepted.putIfAbsent(envelope.nonce(), now) != null) {
            throw new ReplayedException();
        }
    }

    public byte[] sealAnswer(Envelope envelope, byte[] plain) {
        return keyring.encrypt(plain, envelope.answer());
    }

    /**
     * @throws dev.mailbell.secret.KeyringException when it is not the answer to this request
     */
    public byte[] openAnswer(Envelope envelope, byte[] sealed) {
        return keyring.decryptBytes(sealed, envelope.answer());
    }

    /** The request was accepted before, or too many were lately. */
    public static final class ReplayedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ReplayedException() {
            super("the request was accepted before", null, false, false);
        }
    }
}

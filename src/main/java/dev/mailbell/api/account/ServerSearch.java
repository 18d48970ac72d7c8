package dev.mailbell.api.account;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.discovery.Discovered;

/** Discovers the mail server of an address, for accounts without {@code mail.host}. */
@FunctionalInterface
public interface ServerSearch {

    /** Returns within seconds, also when nothing is found. */
    Discovered find(String address, Protocol protocol);
}

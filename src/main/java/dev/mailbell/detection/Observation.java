package dev.mailbell.detection;

/** What one check saw of a mailbox; immutable. */
public sealed interface Observation permits ImapObservation, Pop3Observation {}

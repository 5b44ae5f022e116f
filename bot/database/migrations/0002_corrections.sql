-- A correction is a delivery of its own: `corrects` is the number of the delivery whose post it mends.
ALTER TABLE delivery ADD COLUMN corrects BIGINT;

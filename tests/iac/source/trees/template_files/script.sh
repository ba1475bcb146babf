#!/bin/sh
listen ${port}

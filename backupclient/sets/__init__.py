# SPDX-License-Identifier: Apache-2.0
"""The backup set: the folder with a run's files and its manifest."""
